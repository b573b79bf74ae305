"""Which cameras are looked at first: what the registry says, or what its rules are about."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alerts.ledger.engine import Ledger
from config.door import Door
from config.secrets import SecretBox
from hub.serve.county import read_county

COUNTY = """
areas: [{id: county, level: county, name: County}]
units: [{id: duty-room, area: county, name: Duty room}]
sites: [{id: s1, area: county, kind: village, name: Village}]
devices:
  - {id: plain, site: s1, kind: camera, url: "rtsp://10.0.0.1/a"}
  - {id: fire, site: s1, kind: camera, url: "rtsp://10.0.0.2/a"}
  - {id: part, site: s1, kind: camera, url: "rtsp://10.0.0.3/a"}
  - {id: said, site: s1, kind: camera, url: "rtsp://10.0.0.4/a", priority: high}
  - {id: less, site: s1, kind: camera, url: "rtsp://10.0.0.5/a", priority: low}
rules:
  - {id: seen, kind: presence, devices: [plain, less], classes: [person], severity: major}
  - {id: on-fire, kind: presence, devices: [fire, said], classes: [person], severity: life}
  - {id: smoke, kind: presence, condition: smoke-seen, devices: [part], classes: [person]}
together: [{id: kitchen-fire, any_of: [[smoke-seen, gas-level]], severity: life, condition: fire}]
routes: [{unit: duty-room}]
"""


def clock() -> datetime:
    return datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_priority_comes_from_the_registry_or_from_the_rules(tmp_path: Path) -> None:
    """A rule of severity life, or a condition that leads to one, makes a camera `life`; a declared word wins."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=clock)
    box = SecretBox("s" * 40)
    door = Door(ledger, box, clock=clock)
    door.apply(COUNTY, name="county.yaml", prune=False, dry_run=False, who="test")
    with ledger.read() as conn:
        county = read_county(conn, box, timezone="Asia/Shanghai")
    assert {device: task["priority"] for device, task in county.cameras.items()} == {
        "plain": "normal",
        "fire": "life",
        "part": "life",
        "said": "high",
        "less": "low",
    }
    again = door.apply(door.export(who="test"), name="again", prune=False, dry_run=False, who="test")
    ledger.close()
    assert (again["created"], again["updated"]) == (0, 0)
