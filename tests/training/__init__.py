"""Tests of `sparsecbm.training`."""
