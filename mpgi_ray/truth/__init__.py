"""What a text claims."""
