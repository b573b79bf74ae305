"""Worker: one process with a share of the cameras: reads, looks, judges, signals; never opens the ledger."""
