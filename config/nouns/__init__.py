"""Nouns: the entries of the registry, one file each: what may be written, and what a single entry must agree on."""
