"""Config: settings, the registry's schema and the catalogues that a county edits; the files are the manual."""
