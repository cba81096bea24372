"""Tests of sparsecbm.data."""
