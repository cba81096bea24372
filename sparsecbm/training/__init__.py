"""Training: dense warm-up, finding the subnetworks, fine-tuning, and the label head."""

from sparsecbm.training.run import add_baselines, train

__all__ = ["add_baselines", "train"]
