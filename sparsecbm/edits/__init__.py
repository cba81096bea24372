"""Edits are data: what a person changed, as values that can be kept, undone, saved and sent."""
