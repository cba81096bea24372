"""Tests of `sparsecbm.intervene`."""
