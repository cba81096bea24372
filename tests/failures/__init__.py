"""Tests of `sparsecbm.failures`."""
