"""Tests: a mirror of sparsecbm/, and app/ and browser/ for the screens."""
