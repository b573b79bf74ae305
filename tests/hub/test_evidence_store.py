"""The evidence store on a real disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub import seal
from hub.serve.evidence_store import EvidenceStore
from ingest.errors import EvidenceNone, HubError, NoRoom
from tests.servers.disk import SmallDisk

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


def test_chunks_that_were_swapped_cut_or_left_out_do_not_open(tmp_path: Path) -> None:
    """A large original lies in chunks; each knows its place, and the last one that it is the last."""
    content = os.urandom(2 * seal.CHUNK + 17)
    store = EvidenceStore(tmp_path, SECRET)
    digest = store.put("01A", "original.mp4", content)
    assert store.get("01A", "original.mp4", digest) == content
    path = tmp_path / "01A" / "original.mp4.sealed"
    whole = path.read_bytes()
    head, step = len(seal.MARK) + seal.SALT, seal.CHUNK + seal.TAG
    first, second, last = (
        whole[head : head + step],
        whole[head + step : head + 2 * step],
        whole[-17 - seal.TAG :],
    )
    for wrong in (
        second + first + last,
        first + last,
        first + second,
        first,
        b"",
        first + second + last[:-1],
    ):
        path.write_bytes(whole[:head] + wrong)
        with pytest.raises(HubError, match="changed"):
            store.get("01A", "original.mp4", digest)


@pytest.mark.parametrize("size", [0, 1, seal.CHUNK - 1, seal.CHUNK, seal.CHUNK + 1])
def test_every_length_comes_back(size: int) -> None:
    """Also nothing, and whole chunks; two sealed files of the same content differ."""
    content, key = os.urandom(size), seal.key_of(SECRET, "a test")
    once, twice = (b"".join(seal.seal(key, "a", content)) for _ in range(2))
    assert once != twice
    assert seal.unseal(key, "a", once) == content


def test_what_the_first_version_sealed_opens(tmp_path: Path) -> None:
    """A nonce and one chunk, bound to incident and name, under the same key: read as before."""
    store = EvidenceStore(tmp_path, SECRET)
    nonce, key = os.urandom(12), seal.key_of(SECRET, "sealed evidence")
    (tmp_path / "01A").mkdir()
    sealed = nonce + AESGCM(key).encrypt(nonce, CLIP, b"01A/original.mp4")
    (tmp_path / "01A" / "original.mp4.sealed").write_bytes(sealed)
    assert store.get("01A", "original.mp4", hashlib.sha256(CLIP).hexdigest()) == CLIP


def test_a_full_disk(small_disk: SmallDisk) -> None:
    """What does not fit is NoRoom and leaves nothing behind; the reserve stays free; what is there can be read."""
    folder = small_disk(1_000_000)
    store = EvidenceStore(folder / "evidence", SECRET, reserve=300_000)
    digest = store.put("01A", "shown.jpg", b"x" * 400_000)
    for _ in range(2):
        with pytest.raises(NoRoom):
            store.put("01B", "original.mp4", b"x" * 400_000)
    assert list(store.files()) == [("01A", "shown.jpg")]
    assert store.get("01A", "shown.jpg", digest) == b"x" * 400_000
    (folder / "somebody-else").write_bytes(b"x" * (store.room() + store.reserve))
    with pytest.raises(NoRoom):
        EvidenceStore(folder / "evidence", SECRET).put("01B", "shown.jpg", b"x" * 5000)
    assert list(store.files()) == [("01A", "shown.jpg")]


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
