"""Tests of results as JSON, CSV and HTML."""
