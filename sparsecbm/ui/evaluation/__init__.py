"""The panels of the Evaluation page."""
