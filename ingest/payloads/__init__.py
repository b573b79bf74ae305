"""Payloads: a shelf of pure decoders, one file per convention, from topic and bytes to readings."""
