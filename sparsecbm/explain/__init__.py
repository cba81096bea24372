"""What a prediction rests on: the words behind a concept or a label."""
