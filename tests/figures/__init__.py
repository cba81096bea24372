"""Tests of sparsecbm.figures."""
