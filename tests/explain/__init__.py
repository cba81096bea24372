"""Tests of `sparsecbm.explain`."""
