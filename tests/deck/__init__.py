"""Tests of sparsecbm.deck."""
