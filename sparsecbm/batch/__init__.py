"""Predictions of whole tables: streamed, resumed, and written with nothing lost."""
