"""Scoring a model on a split: accuracy, calibration, leakage, and what the subnetworks carry."""
