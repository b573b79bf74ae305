"""Shelf of together rules: every file is one kind of "these mean one thing"; see alerts/correlate.py."""
