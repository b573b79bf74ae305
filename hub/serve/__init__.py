"""Serve: the process that owns the ledger: API, alert router, sensor ingest, and its own workers."""
