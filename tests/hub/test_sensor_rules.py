"""Rules over readings, as `serve` keeps them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count

from pydantic import TypeAdapter

from alerts.directory import Area, DeviceEntry, Directory, Site
from detectors.rule import RuleParams
from detectors.shelf import AnyRuleParams
from hub.serve.sensor_rules import SensorRules, watches
from ingest.reading import Reading
from ingest.text import Text

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
NAME = Text("名", "name")
COUNTY = Directory(
    areas={"county": Area("county", "county", NAME)},
    sites={"k1": Site("k1", "county", "canteen-school", NAME)},
    devices={"k1-fridge": DeviceEntry("k1-fridge", "sensor", "k1", NAME)},
)
WARM = {
    "id": "warm",
    "kind": "threshold",
    "sites": ["k1"],
    "quantity": "temperature",
    "above": 8,
    "raise_after": "10s",
}


def rule(**changes: object) -> RuleParams:
    """The fridge rule, changed."""
    made: RuleParams = TypeAdapter(AnyRuleParams).validate_python({**WARM, **changes})
    return made


def at(seconds: float) -> datetime:
    """A moment after START."""
    return START + timedelta(seconds=seconds)


def reading(value: float, seconds: float) -> Reading:
    """A temperature."""
    return Reading("k1-fridge", "temperature", value, "°C", at(seconds), at(seconds))


def rules(epoch: int = 1) -> SensorRules:
    """No watches yet."""
    ids = count()
    return SensorRules(epoch=epoch, new_id=lambda: f"id-{next(ids)}")


def test_time_alone_raises() -> None:
    """A value over the limit raises when its time is over, without another reading; then it is renewed."""
    made = rules()
    made.configure(watches([rule()], COUNTY), {}, START)
    assert made.signals(START) == [], "a sensor that never spoke tells nothing"
    made.observe([reading(9, 0)])
    assert made.signals(at(5)) == [], "not decided yet"
    assert [(each.state, each.n) for each in made.signals(at(10))] == [("active", 1)]
    assert made.signals(at(15)) == []
    assert [(each.state, each.n) for each in made.signals(at(20))] == [("active", 2)]


def test_state_survives_a_restart() -> None:
    """A new process with the stored states (as JSON) goes on counting where the old one was."""
    old = rules()
    stored = old.configure(watches([rule()], COUNTY), {}, START)
    stored |= old.observe([reading(9, 0)])
    new = rules(epoch=2)
    assert new.configure(watches([rule()], COUNTY), json.loads(json.dumps(stored)), at(8)) == {}
    told = new.signals(at(10))
    assert [(each.state, each.epoch, each.since) for each in told] == [("active", 2, START)]


def test_ten_minutes_are_counted_across_two_stops() -> None:
    """Killed twice on the way, with readings that waited at the broker: raised on the second of an unbroken run."""
    keys = {"raise_after": "10m"}
    unbroken, raised = rules(), dict[str, float]()
    stored = unbroken.configure(watches([rule(**keys)], COUNTY), {}, START)
    broken = rules()
    broken.configure(watches([rule(**keys)], COUNTY), {}, START)
    waiting: list[Reading] = []
    for second in range(700):
        fresh = [reading(9, second)] if second % 20 == 0 else []
        unbroken.observe(fresh)
        waiting += fresh
        away = 180 <= second < 260 or 400 <= second < 595
        if second in {260, 595}:
            broken = rules(epoch=second)
            broken.configure(watches([rule(**keys)], COUNTY), json.loads(json.dumps(stored)), at(second))
        if not away:
            stored |= broken.observe(waiting)
            waiting = []
        for name, made in (("unbroken", unbroken), ("broken", broken)):
            if name == "broken" and away:
                continue
            if any(each.state == "active" for each in made.signals(at(second))):
                raised.setdefault(name, second)
    assert raised == {"unbroken": 600, "broken": 600}


def test_a_changed_rule_starts_anew() -> None:
    """Other parameters, another state: nothing is judged by what was counted for the old limit."""
    made = rules()
    made.configure(watches([rule()], COUNTY), {}, START)
    made.observe([reading(9, 0)])
    fresh = made.configure(watches([rule(above=8.5)], COUNTY), {}, at(5))
    assert len(fresh) == 1
    assert made.signals(at(30)) == []


def test_after_a_failed_commit_everything_is_told_again() -> None:
    """What a lost transaction said was never said; n goes on rising, so nothing looks like a double."""
    made = rules()
    stored = made.configure(watches([rule()], COUNTY), {}, START)
    stored |= made.observe([reading(9, 0)])
    first = made.signals(at(10))
    made.observe([reading(3, 11)])
    assert [each.state for each in made.signals(at(11))] == ["inactive"]
    made.reload(stored)
    again = made.signals(at(12))
    assert [(each.state, each.n) for each in again] == [("active", first[0].n + 2)]


def test_a_rule_of_one_quantity_is_not_asked_about_another() -> None:
    """A silence of the whole device hears every value; a limit on temperatures only temperatures."""
    made = rules()
    gone = {"id": "gone", "kind": "silence", "sites": ["k1"], "longer_than": "1h"}
    silence: RuleParams = TypeAdapter(AnyRuleParams).validate_python(gone)
    found = watches([rule(), silence], COUNTY)
    made.configure(found, {}, START)
    keys = {watch.source.rule: watch.key for watch in found}
    humid = reading(60, 1)._replace(quantity="humidity", unit="%")
    assert set(made.observe([humid])) == {keys["gone"]}
    assert set(made.observe([reading(4, 2)])) == {keys["gone"], keys["warm"]}
    made.configure(watches([rule(quantity="humidity", above=50)], COUNTY), {}, at(3))
    assert len(made.observe([humid._replace(at=at(4), received_at=at(4))])) == 1
