"""Evidence from a worker to the store: a real worker app, ledger and disk; a disk that is full costs evidence only."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.ledger import cases, evidence
from alerts.ledger.evidence import EvidenceName
from alerts.sight import Sight
from api.worker_app import create_worker_app
from hub.serve.evidence_copier import EvidenceCopier
from hub.serve.evidence_store import EvidenceStore
from ingest.errors import EvidenceNone
from tests.api.test_cameras_api import View
from tests.hub.kept import LIMITS, World
from tests.servers.disk import SmallDisk
from tests.servers.house import WORKER_TOKEN, served

SECRET = "a secret that is long enough for a test"
CONTENT = b"x" * 100_000
NAMES: tuple[EvidenceName, ...] = ("shown.jpg", "shown-boxes.jpg", "original.mp4")


class Kept(View):
    """A worker that has evidence for every ref, until it is forgotten."""

    def evidence(self, ref: str, name: str) -> bytes:
        """Any file of it."""
        if ref in self.forgotten:
            raise EvidenceNone("forgotten")
        if name == "meta.json":
            digest = hashlib.sha256(CONTENT).hexdigest()
            return json.dumps({"clip": "ready", "sha256": dict.fromkeys(NAMES, digest)}).encode()
        return CONTENT


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple[str, Kept]]:
    """A served worker and what it keeps."""
    view = Kept(tmp_path)
    with served(create_worker_app(view, WORKER_TOKEN)) as url:
        yield url, view


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh ledger with incidents."""
    made = World(tmp_path)
    yield made
    made.ledger.close()


def test_a_full_disk_costs_evidence_and_nothing_else(
    world: World, worker: tuple[str, Kept], small_disk: SmallDisk
) -> None:
    """Older evidence without a case goes first; then none comes, is said, and cases go on; with room it comes."""
    disk = small_disk(1_500_000)
    world.store = EvidenceStore(disk / "evidence", SECRET, reserve=200_000)
    job = world.with_limits(replace(LIMITS, evidence_bytes=10**9))
    url, view = worker
    told: list[str] = []
    copier = EvidenceCopier(
        world.ledger,
        world.store,
        addresses=lambda: {"w1": url},
        token=WORKER_TOKEN,
        clock=world.clock,
        told=lambda _conn, incident: told.append(incident),
        room=job.make_room,
    )
    old = world.picture("seen", size=1_150_000)
    world.say("seen", "inactive")

    def raised(condition: str) -> tuple[str, dict[str, object]]:
        """An incident of this condition that has a case, once the copier was there."""
        world.clock.now += timedelta(minutes=1)
        key = world.incident(condition)
        now = world.clock.now
        world.write(lambda conn: evidence.expect(conn, key, ref=f"ref-{key}", worker="w1", now=now))
        loop.run_until_complete(copier.once())
        with world.ledger.read() as conn:
            return key, evidence.shown(conn, [key])[key]

    def refusing() -> bool:
        return copier.full

    loop = asyncio.new_event_loop()
    try:
        first, found = raised("one")
        assert (found["snapshot"], found["clip"]) == ("ready", "ready")
        assert not world.there(old), "made room"
        assert f"ref-{first}" in view.forgotten
        (disk / "somebody-else").write_bytes(b"x" * (world.store.room() + 100_000))
        _, found = raised("two")
        assert (found["snapshot"], found["clip"], found["sha256"]) == ("none", "none", {})
        assert refusing()
        assert len(view.forgotten) == 3, "the worker need not keep it"
        assert world.there(first, "original.mp4"), "evidence of a live case stays"
        with world.ledger.read() as conn:
            assert len(cases.page(conn, Sight.everything(), now=world.clock.now).items) == 2
        (disk / "somebody-else").unlink()
        _, found = raised("three")
        assert (found["snapshot"], found["clip"]) == ("ready", "ready")
        assert not refusing()
        assert set(told) >= {first}
    finally:
        loop.run_until_complete(copier.close())
        loop.close()
