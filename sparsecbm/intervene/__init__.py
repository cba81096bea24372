"""What a person may change, and what follows from it."""
