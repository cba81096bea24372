"""Tests of `sparsecbm.explainer`."""
