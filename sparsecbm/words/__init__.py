"""Which words speak for and against a prediction: attribution, its faithfulness, and the words on screen."""
