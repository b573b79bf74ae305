"""Retention on a real ledger and a real disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from alerts.case import Actor, Request
from alerts.desk import act
from alerts.ledger import attachments, cases, evidence, reading_expiry, readings
from alerts.ledger.reading_spans import HOUR, MINUTE, SINGLE
from alerts.sight import Sight
from hub.serve.case_files import CaseFiles
from hub.serve.downsampling import Downsampling
from hub.serve.evidence_store import EvidenceStore
from hub.serve.retention import Deleted
from hub.serve.sweep import sweep
from ingest.errors import EvidenceNone, NoRoom
from ingest.reading import Reading
from tests.hub.kept import COUNTY, LIMITS, START, World
from tests.servers.disk import SmallDisk


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh one."""
    made = World(tmp_path)
    yield made
    made.ledger.close()


def test_unbound_evidence_goes_after_its_time(world: World) -> None:
    """A picture of a cleared incident without a case stays for its time, then goes from ledger and disk."""
    key = world.picture("seen")
    world.say("seen", "inactive")
    world.clock.now = START + timedelta(days=6)
    assert world.job.once().files == 0
    assert world.there(key)
    world.clock.now = START + timedelta(days=8)
    assert world.job.once().files == 1
    assert not world.there(key)


def test_open_incidents_and_live_cases_keep_theirs(world: World) -> None:
    """However old: not while the incident is open, and not while its case is live, not even over the limit of bytes."""
    still_open = world.picture("seen", size=800)
    with_case = world.picture("stray", size=800)
    world.say("stray", "inactive")
    world.clock.now = START + timedelta(days=400)
    assert world.job.once().files == 0
    assert world.there(still_open)
    assert world.there(with_case)


def test_a_sealed_original_ends_after_seven_days(world: World) -> None:
    """However long pictures are kept: without a case the original goes after its own time; with a live one it stays."""
    job = world.with_limits(replace(LIMITS, evidence=timedelta(days=60), evidence_bytes=10_000))
    loose = world.picture("seen", name="original.mp4")
    bound = world.picture("stray", name="original.mp4")
    world.say("seen", "inactive")
    world.say("stray", "inactive")
    picture = world.picture("seen")
    world.say("seen", "inactive")
    world.clock.now = START + timedelta(days=7, minutes=1)
    assert job.once().files == 1
    assert not world.there(loose, "original.mp4")
    assert world.there(bound, "original.mp4")
    assert world.there(picture)


def test_evidence_of_a_case_that_became_part_of_another_stays(world: World) -> None:
    """A merged case is over, but what it became part of is not."""
    first, second = world.picture("stray"), world.picture("stray-too")
    with world.ledger.read() as conn:
        page = cases.page(conn, Sight.everything(), now=START).items
    by_incident = {str(cast("list[object]", each["incidents"])[0]): str(each["id"]) for each in page}
    who = Actor("dora", "dispatcher")
    merge = Request("merge", to=by_incident[second], note="the same dog")
    world.write(
        lambda conn: act(
            conn, Sight.everything(), by_incident[first], merge, who=who, directory=COUNTY, now=START
        )
    )
    world.say("stray", "inactive")
    world.say("stray-too", "inactive")
    world.clock.now = START + timedelta(days=400)
    world.job.once()
    assert world.there(first)
    assert world.there(second)


def test_a_small_full_disk(world: World, small_disk: SmallDisk) -> None:
    """Room is made from what has no case, oldest first; what is bound stays; what cannot fit is refused."""
    disk = small_disk(2_000_000)
    world.store = EvidenceStore(disk / "evidence", "a secret that is long enough for a test", reserve=500_000)
    job = world.with_limits(replace(LIMITS, evidence_bytes=10**9))
    bound = world.picture("stray", size=400_000)
    world.say("stray", "inactive")
    keys = []
    for hour in range(12):
        world.clock.now = START + timedelta(hours=hour)
        assert job.make_room(300_000), "there is always something that may go"
        keys.append(world.picture("seen", size=300_000))
        world.say("seen", "inactive")
        assert shutil.disk_usage(disk).free >= 500_000 - 50_000, "the ledger's part stays free"
    assert [world.there(key) for key in keys] == [False] * 9 + [True] * 3
    assert world.there(bound)
    with world.ledger.read() as conn:
        assert evidence.shown(conn, keys[:1])[keys[0]]["snapshot"] == "expired"
    (disk / "somebody-else").write_bytes(b"x" * shutil.disk_usage(disk).free)
    assert not job.make_room(3_000_000)
    assert world.there(keys[-1]), "nothing goes for a file that does not fit even then"
    files = CaseFiles(world.store, room=job.make_room)
    with pytest.raises(NoRoom):
        files.put("c1", "p1", b"x" * 3_000_000)
    job.once()
    assert [world.there(key) for key in keys[-3:]] == [False, False, True], "others filled the disk"
    assert shutil.disk_usage(disk).free >= 500_000
    assert world.there(bound)


def test_what_a_crash_left_behind_is_swept_away(world: World) -> None:
    """Files that no row knows, half-written ones and their folders go at the start; everything else stays."""
    kept, gone = world.picture("seen", name="original.mp4"), world.picture("stray")
    world.write(lambda conn: evidence.set_expired(conn, gone, "shown.jpg", now=START))
    files, who = CaseFiles(world.store), Actor("olga", "operator")
    with world.ledger.read() as conn:
        case = str(cases.page(conn, Sight.everything(), now=START).items[0]["id"])
    digest = files.put(case, "p1", b"jpeg")
    photo = attachments.Photo("p1", case, "after", digest, 4, 1, 1)
    world.write(lambda conn: attachments.add(conn, photo, who=who, now=START))
    files.put(case, "p2", b"of no row")
    files.put("of-no-row", "p1", b"jpeg")
    world.store.put("01NOBODY", "shown.jpg", b"x")
    world.store.put("01NOBODY", "original.mp4", b"x")
    world.store.put(kept, "shown.mp4", b"x")
    (world.store.folder / kept / "original.mp4.sealed.new").write_bytes(b"half")
    assert sweep(world.ledger, world.store) == 7
    assert sorted(world.store.files()) == sorted([(kept, "original.mp4"), (f"case-{case}", "p1.photo.jpg")])
    assert files.read(case, "p1", digest) == b"jpeg"
    assert {each.name for each in world.store.folder.iterdir()} == {kept, f"case-{case}"}
    assert sweep(world.ledger, world.store) == 0


def test_over_the_bytes_the_oldest_goes_first(world: World) -> None:
    """Above the limit what may go at all goes early, oldest first, and no more than needed."""
    keys = []
    for hour in range(3):
        world.clock.now = START + timedelta(hours=hour)
        keys.append(world.picture("seen", size=400))
        world.say("seen", "inactive")
    assert world.job.once().files == 1
    assert [world.there(key) for key in keys] == [False, True, True]


def test_readings_and_events(world: World) -> None:
    """Old readings and events go; the newest event stays, so that the log goes on where it was."""
    world.write(
        lambda conn: readings.add(conn, [Reading("k1-t", "temperature", 4.0, "°C", START, START, "good", "")])
    )
    world.say("seen", "active")
    world.say("seen", "inactive")
    world.clock.now = START + timedelta(days=100)
    assert world.job.once().readings == 0, "it is not summed up yet"
    Downsampling(world.ledger, clock=world.clock).once()
    done = world.with_limits(LIMITS).once()
    assert done.readings == 1
    assert world.kept(MINUTE) == world.kept(HOUR) == 1
    assert world.job.once() == Deleted(0, 0, 0)
    world.clock.now = START + timedelta(days=500)
    assert world.job.once().readings == 1
    assert (world.kept(MINUTE), world.kept(HOUR)) == (0, 1), "each resolution has its own age"


def test_readings_by_bytes(world: World) -> None:
    """Above so many bytes the oldest single readings go, whole minutes of them; their minutes stay."""
    new = [
        Reading("k1-t", "temperature", 4.0, "°C", START + timedelta(seconds=each), START, "good", "")
        for each in range(600)
    ]
    world.write(lambda conn: readings.add(conn, new))
    world.clock.now = START + timedelta(hours=2)
    Downsampling(world.ledger, clock=world.clock).once()
    with world.ledger.read() as conn:
        room = round(reading_expiry.row_bytes(conn, SINGLE) * 250)
    limits = replace(LIMITS, reading_bytes={SINGLE: room})
    assert world.with_limits(limits).once().readings == 300, "350 are too many; the sixth minute stays whole"
    assert (world.kept(SINGLE), world.kept(MINUTE)) == (300, 10)
    assert world.with_limits(limits).once().readings == 0


def test_photos_go_with_their_case(world: World) -> None:
    """A photo stays while its case is live, and as long after as evidence does; then its digest is all that is left."""
    world.picture("stray")
    with world.ledger.read() as conn:
        case = str(cases.page(conn, Sight.everything(), now=START).items[0]["id"])
    files, who = CaseFiles(world.store), Actor("olga", "operator")
    digest = files.put(case, "p1", b"jpeg")
    photo = attachments.Photo("p1", case, "after", digest, 4, 1, 1)
    world.write(lambda conn: attachments.add(conn, photo, who=who, now=START))
    world.say("stray", "inactive")
    world.clock.now = START + timedelta(days=400)
    world.job.once()
    assert files.read(case, "p1", digest) == b"jpeg"
    alarm = Request("false-alarm", note="a bird")
    now = world.clock.now
    world.write(lambda conn: act(conn, Sight.everything(), case, alarm, who=who, directory=COUNTY, now=now))
    world.clock.now += LIMITS.case_evidence - timedelta(days=1)
    world.job.once()
    assert files.read(case, "p1", digest) == b"jpeg"
    world.clock.now += timedelta(days=2)
    assert world.job.once().files >= 1
    with pytest.raises(EvidenceNone):
        files.read(case, "p1", digest)
    with world.ledger.read() as conn:
        [left] = attachments.shown(conn, case)
        with pytest.raises(EvidenceNone):
            attachments.find(conn, case, "p1")
    assert (left["state"], left["sha256"]) == ("expired", digest)
