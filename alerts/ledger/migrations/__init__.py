"""Migrations: the history of the schema, run by alerts.ledger.schema."""
