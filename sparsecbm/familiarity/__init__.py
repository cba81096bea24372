"""How unlike the training texts a text is."""
