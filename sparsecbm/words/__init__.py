"""Which words moved an answer: attribution, its faithfulness, and the words on screen."""
