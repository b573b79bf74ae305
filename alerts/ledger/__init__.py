"""Ledger: the one store of what happened; the only place that touches the database."""
