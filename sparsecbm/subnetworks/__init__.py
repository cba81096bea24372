"""Subnetworks: what masks share, whether each carries its concept, comparison with others, knock-outs, units."""
