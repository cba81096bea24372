"""Tests of `sparsecbm/benchmark/`."""
