"""Chaos: the hub killed at random moments under load, and everything accounted for afterwards."""
