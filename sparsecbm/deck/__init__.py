"""Scenes that a person has pinned to show to others: snapshots that are drawn without the model."""
