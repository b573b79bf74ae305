"""Channels: a shelf of ways to tell someone, one file per transport."""
