"""`POST /rules/try` and `hub rules try`: what a rule would have raised over what is stored."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from alerts.ledger import readings
from alerts.ledger.engine import Ledger
from bench.rules.fridge import HOUR, Fault, Fridge
from config.door import Door
from config.secrets import SecretBox
from hub.__main__ import main
from ingest.reading import Reading
from tests.servers.house import House

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
WARM = {"id": "warm-2", "kind": "threshold", "quantity": "temperature", "above": 8, "raise_after": "20m"}


def fridge(device: str, *faults: Fault, days: float = 2) -> list[Reading]:
    """A simulated fridge's readings."""
    values = Fridge(3, faults).values(days)
    moments = ((BEGIN + timedelta(seconds=second), value) for second, value in values)
    return [Reading(device, "temperature", value, "°C", at, at) for at, value in moments]


@pytest.fixture(scope="module", autouse=True)
def stored(house: House) -> None:
    """Two days of two fridges; the compressor of the first is dead for three hours of the second day."""
    rows = fridge("fridge-1", Fault("dead", 30 * HOUR, 33 * HOUR)) + fridge("fridge-9")
    house.ledger.write(lambda tx: readings.add(tx, rows)).result(30)


def ask(**more: object) -> dict[str, object]:
    """The second day."""
    span = {"since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}
    return {"rule": {**WARM, "sites": ["school-1", "school-9"]}, **span, **more}


def test_it_tells_what_would_have_been_raised_and_raises_nothing(house: House) -> None:
    """By device, with its explanation; no incident, no event."""
    admin = house.client("admin")
    before = admin.get("/events?limit=1000").json()["next"], admin.get("/incidents").json()
    answer = admin.post("/rules/try", json=ask())
    assert answer.status_code == 200, answer.text
    one, nine = answer.json()["devices"]
    assert (one["device"], one["readings"], one["used"]) == ("fridge-1", 2880, 2880)
    (spell,) = [each for each in one["would_raise"] if each["raised_at"] >= "2026-11-21T06:00:00Z"][:1]
    assert "2026-11-21T06:40" < spell["raised_at"] < "2026-11-21T08:30"
    assert spell["limit"] == 8
    assert "高于上限 8 °C" in spell["explanation"]["zh"]
    assert "points" not in nine
    assert (admin.get("/events?limit=1000").json()["next"], admin.get("/incidents").json()) == before


def test_a_learned_defrosting_would_not_have_been_raised(house: House) -> None:
    """The same fridge, with and without: the lead is for learning."""
    admin, many = house.client("admin"), {}
    evening = {"since": "2026-11-21T14:00:00Z", "lead": "38h", "devices": ["fridge-9"]}
    for spare in (None, "60m"):
        rule = {**WARM, "sites": ["school-9"], "above": 6, "raise_after": "5m"} | (
            {"spare_cycles": spare} if spare else {}
        )
        found = admin.post("/rules/try", json=ask(rule=rule, **evening)).json()
        many[spare] = len(found["devices"][0]["would_raise"])
    assert many == {None: 1, "60m": 0}


def test_everybody_tries_on_what_they_see(house: House) -> None:
    """An operator of the east tries a rule of the registry there; own rules are for who may write them."""
    olga = house.client("olga")
    found = olga.post("/rules/try", json=ask(rule="fridge-warm")).json()
    assert [each["device"] for each in found["devices"]] == ["fridge-1"]
    assert "school-9" not in json.dumps(found)
    assert olga.post("/rules/try", json=ask()).status_code == 403
    assert house.client("kim").post("/rules/try", json=ask(rule="fridge-warm")).status_code == 403


WRONG: list[tuple[str, dict[str, object], int, str]] = [
    ("no such rule", {"rule": "moon"}, 404, "no rule"),
    ("no such kind", {"rule": {**WARM, "kind": "treshold"}}, 422, "did you mean"),
    ("no such device", {"rule": {**WARM, "devices": ["moon"]}}, 422, "moon"),
    ("not its target", {"devices": ["cam-1"]}, 422, "does not watch"),
    ("too long", {"since": "2026-01-01T00:00:00Z"}, 422, "35 days"),
    ("backwards", {"until": "2026-11-20T00:00:00Z"}, 422, "before it begins"),
    ("no time", {"since": "yesterday"}, 422, "since"),
    (
        "pictures are not kept",
        {"rule": {"id": "p", "kind": "presence", "devices": ["cam-1"], "classes": ["person"]}},
        422,
        "not kept",
    ),
]


@pytest.mark.parametrize(("reason", "more", "status", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_mistakes(house: House, reason: str, more: dict[str, object], status: int, said: str) -> None:
    """Each is said, with what would mend it."""
    answer = house.client("admin").post("/rules/try", json=ask(**more))
    assert (answer.status_code, said in answer.text) == (status, True), f"{reason}: {answer.text}"


def test_the_command_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a running hub, over the ledger itself: text, and a picture with values, limit, forecast and incident."""
    secret = "a-secret-of-thirty-two-characters-and-more"
    monkeypatch.setenv("HUB_DATA", str(tmp_path))
    monkeypatch.setenv("HUB_SECRET", secret)
    ledger = Ledger.open(f"sqlite:///{tmp_path}/hub.db", clock=lambda: BEGIN)
    Door(ledger, SecretBox(secret), clock=lambda: BEGIN).apply(
        """
        areas: [{id: county, level: county, name: County}]
        units: [{id: duty, name: Duty}]
        sites: [{id: k1, area: county, kind: canteen-school, name: K1}]
        devices: [{id: fridge, site: k1, kind: sensor}]
        rules:
          - {id: fridge-warm, kind: threshold, sites: [k1], quantity: temperature, above: 8, raise_after: 20m}
          - {id: fridge-warming, kind: forecast, sites: [k1], quantity: temperature, above: 8, ahead: 30m,
             raise_after: 5m}
        routes: [{unit: duty}]
        """,
        name="county",
        prune=False,
        dry_run=False,
        who="test",
    )
    ledger.write(lambda tx: readings.add(tx, fridge("fridge", Fault("dead", 30 * HOUR, 33 * HOUR)))).result(
        30
    )
    ledger.close()
    picture, out = tmp_path / "fridge.svg", io.StringIO()
    words = ["--since", "2026-11-21T00:00:00Z", "--until", "2026-11-22T00:00:00Z", "--svg", str(picture)]
    with redirect_stdout(out):
        assert main(["rules", "try", "--rule", "fridge-warm", "--rule", "fridge-warming", *words]) == 0
    assert "fridge: 2880 readings, would have raised" in out.getvalue()
    drawn = ET.parse(picture).getroot()  # noqa: S314 - our own picture
    tags = [each.tag.rpartition("}")[2] for each in drawn.iter()]
    assert {"polyline", "polygon", "title"} <= set(tags)
