"""The evidence store on a real disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hub.serve.evidence_store import EvidenceStore
from ingest.errors import EvidenceNone, HubError

SECRET = "a secret that is long enough for a test"
CLIP = b"\x00\x00\x00 ftypisom" * 100


def test_round_trip(tmp_path: Path) -> None:
    """What was put comes back, with the sha256 of its content."""
    store = EvidenceStore(tmp_path, SECRET)
    for name in ("shown.jpg", "original.mp4"):
        digest = store.put("01A", name, CLIP)
        assert digest == hashlib.sha256(CLIP).hexdigest()
        assert store.get("01A", name, digest) == CLIP


def test_originals_are_encrypted_at_rest(tmp_path: Path) -> None:
    """No byte run of an original stands on the disk; another secret does not open it."""
    digest = EvidenceStore(tmp_path, SECRET).put("01A", "original.mp4", CLIP)
    assert all(b"ftypisom" not in each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    with pytest.raises(HubError, match="another secret"):
        EvidenceStore(tmp_path, SECRET + "x").get("01A", "original.mp4", digest)


def test_moved_between_incidents(tmp_path: Path) -> None:
    """A sealed original put into another incident's folder does not open there."""
    store = EvidenceStore(tmp_path, SECRET)
    digest = store.put("01A", "original.mp4", CLIP)
    (tmp_path / "01B").mkdir()
    (tmp_path / "01A/original.mp4.sealed").rename(tmp_path / "01B/original.mp4.sealed")
    with pytest.raises(HubError, match="changed"):
        store.get("01B", "original.mp4", digest)


def test_changed_or_missing(tmp_path: Path) -> None:
    """A changed picture is refused, a missing one is `evidence-none`."""
    store = EvidenceStore(tmp_path, SECRET)
    digest = store.put("01A", "shown.jpg", CLIP)
    (tmp_path / "01A/shown.jpg").write_bytes(CLIP + b"x")
    with pytest.raises(HubError, match="sha256 differs"):
        store.get("01A", "shown.jpg", digest)
    with pytest.raises(EvidenceNone):
        store.get("01B", "shown.jpg", digest)
