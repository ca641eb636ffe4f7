"""Instructions: questions about pictures with answers that the facts prove, made of final shards."""
