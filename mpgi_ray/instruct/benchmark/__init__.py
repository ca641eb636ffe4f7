"""Single-choice questions whose answers can be told from the picture alone, and by no word of theirs."""
