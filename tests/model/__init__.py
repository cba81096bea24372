"""Tests of `sparsecbm.model`."""
