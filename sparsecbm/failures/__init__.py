"""Where a model is wrong: rows analysis against what is told of them, sliced, and searched for what goes wrong often."""
