"""The panels of the Failures page."""
