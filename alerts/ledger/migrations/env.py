"""Alembic's entry: runs the revisions on the connection that alerts.ledger.schema hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy.engine import Connection

from alerts.ledger.schema import declared

connection = context.config.attributes.get("connection")
if not isinstance(connection, Connection):
    msg = "migrations are run by alerts.ledger.schema.upgrade(), which hands over its connection"
    raise TypeError(msg)

context.configure(connection=connection, target_metadata=declared(), render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
