"""Config: settings, the registry's schema, and catalogues that a county edits; the files are the manual."""
