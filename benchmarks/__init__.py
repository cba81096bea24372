"""Measurements as ratios: each compares procedures in one run on one machine."""
