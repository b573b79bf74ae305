"""Metadata: what all tables of the ledger share: names of constraints, numbers, where a row stands."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that SQLite's batch migrations can find it again."""

metadata = MetaData(naming_convention=NAMES)


Sequence = BigInteger().with_variant(Integer, "sqlite")
"""A number that is the row's own place on SQLite (its rowid), and 64 bits wide everywhere."""


def stands() -> list[Column[str]]:
    """Where a row stands."""
    return [
        Column("area", String),
        Column("site_kind", String),
        Column("site", String),
        Column("units", String, nullable=False, server_default=""),
    ]
