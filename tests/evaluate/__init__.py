"""Tests of sparsecbm.evaluate."""
