"""Violation: one thing in a ledger that must not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal[
    "event-gap", "event-double", "event-counter", "event-of-nothing", "event-twice", "event-order", "log-behind",
    "incident-without-event", "double-open-incident", "incident-without-case", "incident-state", "signal-mark",
    "case-without-event", "double-live-case", "case-number-gap", "case-number-double", "case-number-unreadable",
    "case-chain", "case-version", "case-photo",
    "audit-chain", "audit-gap", "shift-chain",
    "evidence-without-digest",
    "outbox-without-event", "outbox-missing",
    "notice-of-nothing", "delivery-of-nothing", "delivery-state", "told-twice", "told-unclaimed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be.

    Attributes:
        what: Slug.
        where: Id, number or seq of what it is about.
        detail: One sentence.
    """

    what: What
    where: str
    detail: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}: {self.where}: {self.detail}"
