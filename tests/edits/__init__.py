"""Tests of `sparsecbm.edits`."""
