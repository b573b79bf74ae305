"""Case files: the photos of cases in the evidence store, a folder per case, each sealed."""

from __future__ import annotations

from hub.serve.evidence_store import PHOTO, EvidenceStore


class CaseFiles:
    """Implements api.hub.CaseFiles."""

    def __init__(self, store: EvidenceStore) -> None:
        self._store = store

    def put(self, case: str, attachment: str, jpeg: bytes) -> str:
        """Seal a photo; returns its sha256."""
        return self._store.put(_folder(case), f"{attachment}{PHOTO}", jpeg)

    def read(self, case: str, attachment: str, sha256: str) -> bytes:
        """The photo; EvidenceNone when it is gone, HubError when it is not what was stored."""
        return self._store.get(_folder(case), f"{attachment}{PHOTO}", sha256)

    def remove(self, case: str, attachment: str) -> None:
        """Delete it; twice is fine."""
        self._store.remove(_folder(case), f"{attachment}{PHOTO}")


def _folder(case: str) -> str:
    return f"case-{case}"
