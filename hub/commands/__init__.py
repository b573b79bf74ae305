"""Commands: a shelf of `python -m hub <command>`, one file per command."""
