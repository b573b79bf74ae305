"""Rules: a shelf of pure conditions, one file per kind, from tracks or readings to a level."""
