"""Newest: when the newest value of each quantity of each device was true; the ledger is asked about a device once.

What is about to be committed is entered before the commit, so this is never behind the ledger; it is ahead of it by
what was undone, until it is cleared. Ahead does no harm: what is not newer than this is looked up in the ledger.
"""

from __future__ import annotations

from datetime import datetime

from alerts.ledger import readings
from alerts.ledger.engine import Ledger


class Newest(dict[str, dict[str, datetime]]):
    """By device and quantity. A dictionary, for every value asks; any thread may ask, the writer enters."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def __missing__(self, device: str) -> dict[str, datetime]:
        with self._ledger.read() as conn:
            return self.setdefault(device, readings.newest_of(conn, device))
