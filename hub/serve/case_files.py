"""Case files: the photos of cases in the evidence store, a folder per case, each sealed."""

from __future__ import annotations

from collections.abc import Callable

from hub.serve.evidence_store import PHOTO, EvidenceStore
from ingest.errors import NoRoom

_CASE = "case-"


class CaseFiles:
    """Implements api.hub.CaseFiles; for a photo of a case, evidence without a case goes early (`room(bytes)`)."""

    def __init__(self, store: EvidenceStore, *, room: Callable[[int], bool] = lambda _bytes: True) -> None:
        self._store = store
        self._room = room

    def put(self, case: str, attachment: str, jpeg: bytes) -> str:
        """Seal a photo; returns its sha256. NoRoom on a full disk."""
        if not self._room(len(jpeg)):
            raise NoRoom("no room for a photo", reason="disk-full", mend="free space on the hub's disk")
        return self._store.put(_folder(case), f"{attachment}{PHOTO}", jpeg)

    def read(self, case: str, attachment: str, sha256: str) -> bytes:
        """The photo; EvidenceNone when it is gone, HubError when it is not what was stored."""
        return self._store.get(_folder(case), f"{attachment}{PHOTO}", sha256)

    def remove(self, case: str, attachment: str) -> None:
        """Delete it; twice is fine."""
        self._store.remove(_folder(case), f"{attachment}{PHOTO}")


def case_of(folder: str) -> str | None:
    """The case that a folder of the store belongs to; None for one of an incident."""
    return folder.removeprefix(_CASE) if folder.startswith(_CASE) else None


def _folder(case: str) -> str:
    return f"{_CASE}{case}"
