"""The program's data and where it is stored."""
