"""How a camera's gate and tiles are set: from the registry to the worker, and back out of an export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alerts.ledger.engine import Ledger
from config.door import Door
from config.secrets import SecretBox
from hub.serve.county import read_county
from hub.worker.assignment import CameraTask

COUNTY = """
areas: [{id: county, level: county, name: County}]
units: [{id: duty-room, area: county, name: Duty room}]
sites: [{id: s1, area: county, kind: village, name: Village}]
devices:
  - {id: plain, site: s1, kind: camera, url: "rtsp://10.0.0.1/a"}
  - {id: pinned, site: s1, kind: camera, url: "rtsp://10.0.0.2/a", gate: open, tiles: 3x2}
  - {id: keen, site: s1, kind: camera, url: "rtsp://10.0.0.3/a", gate: auto, max_blind: 500ms}
routes: [{unit: duty-room}]
"""


def clock() -> datetime:
    return datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_a_camera_s_keys_reach_the_worker_and_come_back_out(tmp_path: Path) -> None:
    """`gate`, `max_blind` and `tiles` with their defaults; an export applied again changes nothing."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=clock)
    box = SecretBox("s" * 40)
    door = Door(ledger, box, clock=clock)
    door.apply(COUNTY, name="county.yaml", prune=False, dry_run=False, who="test")
    with ledger.read() as conn:
        county = read_county(conn, box, timezone="Asia/Shanghai")
    tasks = {device: CameraTask.model_validate(task) for device, task in county.cameras.items()}
    assert {device: (task.gate, task.max_blind) for device, task in tasks.items()} == {
        "plain": ("auto", 4.0),
        "pinned": ("open", 4.0),
        "keen": ("auto", 0.5),
    }
    assert not tasks["plain"].same_stream(tasks["plain"].model_copy(update={"gate": "open"}))
    assert {device: task.tiles for device, task in tasks.items()} == {
        "plain": (1, 1),
        "pinned": (3, 2),
        "keen": (1, 1),
    }
    again = door.apply(door.export(who="test"), name="again", prune=False, dry_run=False, who="test")
    ledger.close()
    assert (again["created"], again["updated"]) == (0, 0)
