"""Tests of `sparsecbm.studies`."""
