"""What is measured of a checkpoint: report, calibration, curves and causal effects."""
