"""Ingest: the world outside becomes typed values (frames, packets, readings), each with its own time."""
