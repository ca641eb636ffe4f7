"""What a text is worth for its picture: rewards by rules, and by a scorer that learned from preferences."""
