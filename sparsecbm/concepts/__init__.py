"""What the model understood, and what changing a concept does: override, contributions, advice, uncertainty."""
