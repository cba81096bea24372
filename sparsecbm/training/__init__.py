"""Training: dense warm-up, finding the subnetworks, fine-tuning, and the label head."""
