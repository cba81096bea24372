"""Where a model is wrong: its predictions compared with gold labels, sliced, and searched for what goes wrong often."""
