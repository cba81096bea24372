"""Tests of `sparsecbm.batch`."""
