"""What flows through the program and where it rests."""
