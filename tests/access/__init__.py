"""Tests of sparsecbm.ui, as far as it is plain functions; the pages themselves are tested in tests/app."""
