"""The registry in a real ledger: applied, exported, changed one by one, deleted; always all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.ledger import audit, check, events
from alerts.ledger import registry as table
from alerts.ledger.engine import Ledger
from alerts.sight import Sight
from config.directory import directory
from config.door import Door
from config.load import load
from config.secrets import SecretBox, verify_password
from ingest.errors import InvalidInput, InvalidRegistry, NotFound

pytestmark = pytest.mark.slow

COUNTY = (Path(__file__).parent / "county.yaml").read_text("utf-8")
SECRETS = ("pa@ss", "pa%40ss", "13800000000", "013900000000", "123456")


def clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    opened = Ledger.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def door(ledger: Ledger) -> Door:
    """The way in, with the county applied."""
    made = Door(ledger, SecretBox("s" * 40), clock=clock)
    assert counts(made, COUNTY) == (19, 0, 0, 0)
    return made


def counts(door: Door, text: str, *, prune: bool = False, dry_run: bool = False) -> tuple[object, ...]:
    """Created, updated, unchanged, deleted."""
    report = door.apply(text, name="county.yaml", prune=prune, dry_run=dry_run, who="test")
    return tuple(report[what] for what in ("created", "updated", "unchanged", "deleted"))


def test_again_is_all_unchanged(door: Door, ledger: Ledger) -> None:
    """The same file twice changes nothing and tells nobody."""
    with ledger.read() as conn:
        before = events.head(conn)
    assert counts(door, COUNTY) == (0, 0, 19, 0)
    with ledger.read() as conn:
        assert events.head(conn) == before


def test_an_export_is_all_unchanged(door: Door) -> None:
    """An export, applied with prune, changes nothing; it carries no secret."""
    text = door.export(who="test")
    assert counts(door, text, prune=True) == (0, 0, 19, 0)
    assert not [each for each in SECRETS if each in text]
    assert text.count("'***'") == 4
    assert door.export(who="test") == text


def test_an_export_needs_the_secrets_elsewhere(door: Door, tmp_path: Path) -> None:
    """On another hub *** stands for nothing: each is told, with its line."""
    other = Ledger.open(f"sqlite:///{tmp_path / 'other.db'}", clock=clock)
    with pytest.raises(InvalidRegistry) as caught:
        counts(Door(other, SecretBox("t" * 40), clock=clock), door.export(who="test"))
    other.close()
    assert len(caught.value.mistakes) == 4
    assert all("none is stored" in each.what and each.line > 1 for each in caught.value.mistakes)


def test_secrets_at_rest(door: Door, tmp_path: Path, ledger: Ledger) -> None:
    """No secret is in the database in plain; people's passwords are hashes."""
    with ledger.read() as conn:
        user = table.get(conn, "user", "wang")
    assert user is not None
    assert verify_password("123456", user.secrets["password"])
    dump = "\n".join(sqlite3.connect(tmp_path / "hub.db").iterdump())
    assert not [each for each in SECRETS if each in dump and each != "123456"]
    assert "pa@ss" not in repr(door.registry())


def test_all_or_nothing(door: Door, ledger: Ledger) -> None:
    """One mistake, and nothing of the file is there."""
    before = door.export(who="test")
    text = COUNTY.replace("name: 一村", "name: 二村").replace(
        "kind: canteen-school, name", "kind: canteen, name"
    )
    with pytest.raises(InvalidRegistry):
        counts(door, text)
    assert door.export(who="test") == before
    with ledger.read() as conn:
        assert check.violations(conn) == []


def test_dry_run(door: Door, ledger: Ledger) -> None:
    """A dry run tells what would change, changes nothing, and leaves no trace."""
    before = door.export(who="test")
    with ledger.read() as conn:
        rows = len(audit.page(conn, Sight.everything()).items)
    text = COUNTY.replace("name: 一村", "name: 二村")
    assert counts(door, text, dry_run=True) == (0, 1, 18, 0)
    with ledger.read() as conn:
        assert len(audit.page(conn, Sight.everything()).items) == rows
    assert door.export(who="test") == before


def test_a_changed_camera_host_asks_for_its_password_again(door: Door) -> None:
    """Whoever may change an address must not have the stored password sent to it."""
    text = door.export(who="test").replace("rtsp://10.0.0.1:554/live", "rtsp://10.6.6.6:554/live")
    with pytest.raises(InvalidRegistry, match="1 mistake ") as caught:
        counts(door, text)
    assert "another host" in caught.value.mistakes[0].what
    door.put(
        "device",
        "school-1-cam",
        {"site": "school-1", "kind": "camera", "url": "rtsp://10.6.6.6/"},
        who="test",
    )
    assert all("password" not in each.secrets for each in door.stored() if each.key == "school-1-cam")


def test_the_routing_table_is_one_thing(door: Door) -> None:
    """A file's routes replace those that are stored; a file without routes leaves them."""
    assert counts(door, "units: [{id: centre, name: 中心}]") == (1, 0, 0, 0)
    assert counts(door, "routes: [{id: all, unit: centre}]") == (1, 0, 0, 2)
    assert [each.unit for each in directory(door.registry()).routes] == ["centre"]


def test_prune(door: Door) -> None:
    """With prune, what the file's sections do not name goes; without it, it stays."""
    door.put("user", "root", {"role": "administrator", "password": "x" * 12}, who="test")
    text = COUNTY.replace("  - {id: village-1-horn, site: village-1, kind: speaker}\n", "")
    assert counts(door, text) == (0, 0, 18, 0)
    assert counts(door, text, prune=True) == (0, 0, 18, 1)
    assert [each.name for each in door.registry().users] == ["root", "wang"]


def test_prune_leaves_nothing_hanging(door: Door) -> None:
    """A site that stored devices stand at cannot be pruned away from under them."""
    text = "areas: [{id: county, level: county, name: 县}, {id: east, level: town, parent: county, name: 东}]"
    text += "\nsites: []"
    with pytest.raises(InvalidRegistry) as caught:
        counts(door, text, prune=True)
    assert {"devices school-1-cam (stored).site", "contacts school-1/食品安全员 (stored).site"} <= {
        each.path for each in caught.value.mistakes
    }


def test_one_by_one(door: Door, ledger: Ledger) -> None:
    """PUT keeps what it does not mention of the secrets, DELETE refuses what others need; both are in the trail."""
    camera = {"site": "school-1", "kind": "camera", "url": "rtsp://viewer@10.0.0.1:554/sub"}
    assert door.put("device", "school-1-cam", camera, who="test")["updated"] == 1
    assert [each.secrets.keys() for each in door.stored() if each.key == "school-1-cam"] == [{"password"}]
    with pytest.raises(InvalidInput, match="the address says"):
        door.put("site", "school-2", {"id": "school-3"}, who="test")
    with pytest.raises(InvalidRegistry) as caught:
        door.delete("site", "school-1", who="test")
    assert any(each.path == "rules fridge-warm.sites[0]" for each in caught.value.mistakes)
    with pytest.raises(NotFound):
        door.delete("site", "nowhere", who="test")
    with pytest.raises(InvalidRegistry, match="nothing was applied"):
        door.delete("route", "route-2", who="test")
    door.delete("rule", "fridge-warm", who="test")
    with ledger.read() as conn:
        trail = [row["action"] for row in audit.page(conn, Sight.everything()).items]
        assert check.violations(conn) == []
    assert trail[:3] == ["rule.delete", "device.put", "registry.apply"]


def test_a_new_route_comes_before_the_one_for_the_rest(door: Door) -> None:
    """Else it would never be reached."""
    door.put("route", "villages", {"match": {"site_kind": "village"}, "unit": "duty-room"}, who="test")
    assert [each.id for each in door.registry().routes] == ["route-1", "villages", "route-2"]
    assert len(directory(door.registry()).routes) == 3


@pytest.mark.usefixtures("door")
def test_every_change_is_an_event_that_stands_where_its_entry_stands(ledger: Ledger) -> None:
    """A reader of one town hears of changes there, and of none elsewhere."""
    nouns = frozenset({"event", "device", "site"})
    with ledger.read() as conn:
        east = events.after(conn, 0, 100, Sight(nouns=nouns, areas=frozenset({"east"})))
        west = events.after(conn, 0, 100, Sight(nouns=nouns, areas=frozenset({"west"})))
    assert {str(each.data["id"]) for each in east} >= {"school-1", "school-1-cam", "village-1-horn"}
    assert west == []


def test_the_directory(door: Door) -> None:
    """What the alert core gets: places, zones of time, routes in order, own workflows beside the shipped."""
    made = directory(door.registry(), timezone="Asia/Urumqi")
    assert made.path("east") == ("county", "east")
    assert str(made.zone("east")) == "Asia/Shanghai"
    assert made.rules["after-hours"].condition == "person-after-hours"
    assert made.rules["fridge-warm"].condition == "fridge-warm"
    assert made.workflows["two-step"].words() == "accept, handle"
    assert made.workflows["seven-step"].words().startswith("accept, report")
    assert [each.unit for each in made.routes] == ["market-supervision", "duty-room"]
    assert made.sites["village-1"].state == "closed-until"


def test_a_large_county(ledger: Ledger) -> None:
    """Hundreds of sites with a camera each are applied in one transaction, and again unchanged."""
    many = range(200)
    sites = [f"  - {{id: s{at}, area: county, kind: crossroad, name: 路口 {at}}}" for at in many]
    devices = [
        f'  - {{id: c{at}, site: s{at}, kind: camera, url: "rtsp://u:p@10.0.0.1/{at}"}}' for at in many
    ]
    text = "areas:\n  - {id: county, level: county, name: 县}\nsites:\n" + "\n".join(sites)
    text += "\ndevices:\n" + "\n".join(devices)
    door = Door(ledger, SecretBox("s" * 40), clock=clock)
    assert counts(door, text) == (401, 0, 0, 0)
    assert counts(door, door.export(who="test"), prune=True) == (0, 0, 401, 0)
    assert len(load(text, "big").devices) == 200


def test_what_a_right_file_would_leave_hanging(door: Door) -> None:
    """A file that is wrong in itself is told its own mistakes only; one that is right, what it would break."""
    site = "sites: [{id: school-1, area: east, kind: canteen-school, name: 一小}]"
    with pytest.raises(InvalidRegistry) as caught:
        counts(door, site)
    assert [each.path for each in caught.value.mistakes] == ["devices school-1-cam (stored).room"]
    with pytest.raises(InvalidRegistry) as caught:
        counts(door, site.replace("area: east", "area: nowhere"))
    assert [each.path for each in caught.value.mistakes] == ["sites[0].area"]
