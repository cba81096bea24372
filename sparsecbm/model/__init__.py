"""The masked network, its text encoder, and how a trained model is stored and run."""
