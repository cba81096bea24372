"""Where a model is wrong: rows judged against what is told of them, sliced, and searched for what goes wrong often."""
