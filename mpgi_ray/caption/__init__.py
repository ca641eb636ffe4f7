"""The caption job: shards in, a record for every text out."""
