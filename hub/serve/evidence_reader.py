"""Evidence reader: the files that the API shows, from the store, by what the ledger says of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as NotInTime
from datetime import datetime

from alerts.ledger import evidence
from alerts.ledger.engine import Ledger
from alerts.ledger.evidence import SHOWN_CLIP, EvidenceName, File
from hub.serve.evidence_store import EvidenceStore
from ingest.errors import EvidenceNone, EvidencePending, LedgerAway

MOST = 20
"""Shown clips that may be asked for at a time; whoever comes then is told to come again."""
COMMIT = 10.0
"""Seconds."""
LATER = 30
"""Retry-After, in seconds, while too many are asked for."""


class EvidenceReader:
    """Implements api.hub.Evidence."""

    def __init__(self, ledger: Ledger, store: EvidenceStore, *, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._store = store
        self._clock = clock

    def read(self, incident: str, name: EvidenceName) -> bytes:
        """The bytes, checked against their digest; raises EvidenceNone or EvidencePending.

        The first reading of the shown clip has it made (hub/serve/shown_clips.py).
        """
        try:
            found = self._find(incident, name)
        except EvidenceNone:
            if name != SHOWN_CLIP or not self._ask(incident):
                raise
            found = self._find(incident, name)
        return self._store.get(incident, name, found.sha256)

    def _find(self, incident: str, name: EvidenceName) -> File:
        with self._ledger.read() as conn:
            return evidence.find(conn, incident, name)

    def _ask(self, incident: str) -> bool:
        """Whether the clip is asked for now; EvidencePending when too many are, EvidenceNone without original."""
        now = self._clock()
        asked = self._ledger.write(lambda conn: evidence.ask_shown_clip(conn, incident, now=now, most=MOST))
        try:
            answer = asked.result(COMMIT)
        except NotInTime:
            raise LedgerAway("the commit takes too long", reason="timeout", mend="try again") from None
        if answer == "full":
            raise EvidencePending("other clips are made first", retry_after=LATER, where=incident)
        return answer == "asked"
