"""How fast the model works, as multiples of what the same backbone or the published procedure takes."""
