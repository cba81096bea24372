"""What an edit, or another checkpoint, does to many documents."""
