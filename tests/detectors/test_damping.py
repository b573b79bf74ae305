"""Damping: what was judged false is not seen again by that rule, at that spot, of that class, about that hour."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from detectors.damping import Damping, Thing, apart, damped, seen, why_never
from detectors.detections import Detections
from detectors.raised import Raised, dampings, decided
from detectors.rule import Level, RuleParams, Scene
from detectors.rules import presence
from detectors.shelf import AnyRuleParams
from detectors.signal import Severity
from detectors.tracker import Tracker
from tests.detectors.filming import rule, track

CHINA = ZoneInfo("Asia/Shanghai")
RAISED = datetime.fromisoformat("2026-11-22T23:30:00+08:00")
"""A Sunday night."""
BOX = (0.4, 0.5, 0.5, 0.75)
"""A tenth of the picture wide: its spot is 0.25..0.65 across, and 0.2..1.05 down in a picture twice as wide as high."""


def entry(**changes: object) -> Damping:
    """What `lobby` no longer sees."""
    body: dict[str, object] = {
        "id": "01", "rule": "lobby", "device": "cam", "label": "person", "box": BOX, "aspect": 2.0, "at": RAISED,
        "expires_at": "2026-12-06T23:30:00+08:00",
    }  # fmt: skip
    return Damping.model_validate(body | changes)


def thing(
    x: float = 0.45, y: float = 0.625, *, label: str = "person", first: tuple[float, float] | None = None
) -> Thing:
    """A thing whose middle is at x, y and was at `first`."""

    def around(x: float, y: float) -> tuple[float, float, float, float]:
        return x - 0.05, y - 0.125, x + 0.05, y + 0.125

    return Thing(label, around(x, y), None if first is None else around(*first))


def is_damped(
    each: Thing,
    *entries: Damping,
    at: datetime = RAISED,
    rule: str = "lobby",
    device: str = "cam",
    severity: Severity = "minor",
    clock: tzinfo = CHINA,
) -> bool:
    found = damped(entries, each, rule=rule, device=device, severity=severity, at=at, clock=clock)
    return found is not None


THINGS: list[tuple[str, Thing, bool]] = [
    ("where it was judged", thing(), True),
    ("exactly 1.5 widths to the left of the box", thing(0.25), True),
    ("a little further to the left", thing(0.2499), False),
    ("exactly 1.5 widths to the right of the box", thing(0.65), True),
    ("a little further to the right", thing(0.6501), False),
    ("as many pixels above it: twice the share of a picture twice as wide", thing(y=0.2), True),
    ("a little further above", thing(y=0.1999), False),
    ("below it, to the border", thing(y=1.0), True),
    ("in the corner of the spot", thing(0.25, 0.2), True),
    ("another class", thing(label="dog"), False),
    ("another size: only its middle counts", Thing("person", (0.0, 0.0, 1.0, 1.0)), True),
    ("first seen where it is", thing(first=(0.45, 0.625)), True),
    ("first seen at the edge of the spot", thing(first=(0.65, 0.625)), True),
    ("came in from elsewhere", thing(first=(0.66, 0.625)), False),
    ("began there and has left", thing(0.66, first=(0.45, 0.625)), False),
]


@pytest.mark.parametrize(("reason", "each", "expected"), THINGS, ids=[row[0] for row in THINGS])
def test_spot_and_class(reason: str, each: Thing, expected: bool) -> None:
    """The middle of its box, now and when it was first seen, and its class."""
    assert is_damped(each, entry()) is expected, reason


MOMENTS: list[tuple[str, str, bool]] = [
    ("the moment itself", "2026-11-22T23:30:00+08:00", True),
    ("a day later", "2026-11-23T23:30:00+08:00", True),
    ("the same moment, written in UTC", "2026-11-23T15:30:00+00:00", True),
    ("exactly an hour before", "2026-11-23T22:30:00+08:00", True),
    ("a moment earlier", "2026-11-23T22:29:59.999999+08:00", False),
    ("exactly an hour after, over midnight", "2026-11-24T00:30:00+08:00", True),
    ("a moment later", "2026-11-24T00:30:00.000001+08:00", False),
    ("midnight", "2026-11-24T00:00:00+08:00", True),
    ("the other half of the day", "2026-11-24T11:30:00+08:00", False),
    ("before it was judged, as stored raises are", "2026-11-01T23:30:00+08:00", True),
    ("a second before it expires", "2026-12-06T23:29:59+08:00", True),
    ("when it expires", "2026-12-06T23:30:00+08:00", False),
    ("after it expired", "2026-12-07T23:30:00+08:00", False),
]


@pytest.mark.parametrize(("reason", "at", "expected"), MOMENTS, ids=[row[0] for row in MOMENTS])
def test_hour_and_expiry(reason: str, at: str, expected: bool) -> None:
    """An hour before and after by the county's clock; the end does not belong to it."""
    assert is_damped(thing(), entry(), at=datetime.fromisoformat(at)) is expected, reason


def test_an_hour_just_after_midnight() -> None:
    """It reaches back into the evening before."""
    early = entry(at="2026-11-22T00:15:00+08:00")
    assert is_damped(thing(), early, at=datetime.fromisoformat("2026-11-22T23:15:00+08:00"))
    assert not is_damped(thing(), early, at=datetime.fromisoformat("2026-11-22T23:14:59+08:00"))


APART: list[tuple[str, str, str, float]] = [
    ("the same", "2026-11-22T08:00+08:00", "2026-11-25T08:00+08:00", 0),
    ("over midnight", "2026-11-22T23:30+08:00", "2026-11-22T00:30+08:00", 1),
    ("half a day: as far as it goes", "2026-11-22T06:00+08:00", "2026-11-22T18:00+08:00", 12),
    ("the short way round", "2026-11-22T01:00+08:00", "2026-11-22T15:00+08:00", 10),
]


@pytest.mark.parametrize(("reason", "first", "second", "hours"), APART, ids=[row[0] for row in APART])
def test_times_of_day(reason: str, first: str, second: str, hours: float) -> None:
    """Whichever comes first."""
    one, other = datetime.fromisoformat(first), datetime.fromisoformat(second)
    assert apart(one, other, CHINA) == apart(other, one, CHINA) == timedelta(hours=hours), reason


def test_where_clocks_change() -> None:
    """What is raised at 8 each morning is raised at 8 in winter too, whatever it is in UTC."""
    berlin = ZoneInfo("Europe/Berlin")
    summer = entry(at="2026-10-24T08:00:00+02:00")  # 06:00 UTC; the clocks go back in the night after
    assert is_damped(thing(), summer, at=datetime.fromisoformat("2026-10-25T08:00:00+00:00"), clock=berlin)
    assert not is_damped(
        thing(), summer, at=datetime.fromisoformat("2026-10-25T05:59:59+00:00"), clock=berlin
    )


def test_whose_it_is() -> None:
    """Another rule and another camera see it, a rule about life safety always does; any entry of several is enough."""
    assert not is_damped(thing(), entry(), rule="store")
    assert not is_damped(thing(), entry(), device="cam-2")
    assert not is_damped(thing(), entry(), severity="life")
    assert is_damped(thing(), entry(), severity="critical")
    assert not is_damped(thing())
    assert is_damped(thing(), entry(rule="store"), entry(label="dog"), entry())


RULES: list[tuple[str, dict[str, object], str | None]] = [
    ("presence", {"kind": "presence", "classes": ["person"]}, None),
    ("of critical severity", {"kind": "presence", "classes": ["person"], "severity": "critical"}, None),
    ("life safety", {"kind": "presence", "classes": ["person"], "severity": "life"}, "life safety"),
    ("a crowd", {"kind": "count", "classes": ["person"], "above": 30}, None),
    ("too few: hiding one more would raise it", {"kind": "count", "classes": ["person"], "below": 2}, "missing"),
    ("nobody", {"kind": "absence", "classes": ["person"], "raise_after": "5m"}, "missing"),
    ("readings", {"kind": "threshold", "quantity": "temperature", "above": 8}, "things in a picture"),
]  # fmt: skip


def params(keys: dict[str, object]) -> RuleParams:
    """As the registry has it."""
    read: RuleParams = TypeAdapter(AnyRuleParams).validate_python({"id": "lobby"} | keys)
    return read


@pytest.mark.parametrize(("reason", "keys", "said"), RULES, ids=[row[0] for row in RULES])
def test_what_is_never_damped(reason: str, keys: dict[str, object], said: str | None) -> None:
    """Life safety, and what is raised by something that is not seen; a scene is the same for those."""
    made = params(keys)
    why = why_never(made)
    assert (why is None) is (said is None), reason
    assert said is None or said in (why or "")
    scene = Scene("cam", RAISED, (track(0.45, 0.75, size=(0.1, 0.25)), track(0.9, 0.75)))
    shown = seen([entry()], made, scene, CHINA)
    assert len(shown.tracks) == (1 if said is None else 2)


def test_a_scene_without_anything_damped_is_the_same() -> None:
    """The very same: without entries, of another camera, at another hour, with nothing at the spot."""
    made = params({"kind": "presence", "classes": ["person"]})
    scene = Scene("cam", RAISED, (track(0.9, 0.75),))
    assert seen([], made, scene, CHINA) is scene
    assert seen([entry()], made, scene, CHINA) is scene
    there = Scene("cam", RAISED + timedelta(hours=2), (track(0.45, 0.75),))
    assert seen([entry()], made, there, CHINA) is there
    elsewhere = Scene("cam-2", RAISED, (track(0.45, 0.75),))
    assert seen([entry()], made, elsewhere, CHINA) is elsewhere


WRONG: list[tuple[str, dict[str, object]]] = [
    ("a box of three", {"box": [0.1, 0.2, 0.3]}),
    ("a box that is no number", {"box": [0.1, 0.2, float("nan"), 0.4]}),
    ("a picture without a shape", {"aspect": 0}),
    ("a moment without a zone", {"at": "2026-11-22T23:30:00"}),
    ("an end without a zone", {"expires_at": "2026-11-22T23:30:00"}),
]


@pytest.mark.parametrize(("reason", "changes"), WRONG, ids=[row[0] for row in WRONG])
def test_entries_that_are_none(reason: str, changes: dict[str, object]) -> None:
    """What comes with an assignment is read closely."""
    with pytest.raises(ValidationError):
        entry(**changes)
    assert reason


ZONE = [[0.35, 0.6], [0.55, 0.6], [0.55, 0.9], [0.35, 0.9]]
STAYS = [BOX] * 25
"""A coat on a hook, for five seconds."""
COMES = [(x / 100 - 0.05, 0.5, x / 100 + 0.05, 0.75) for x in range(5, 45, 2)] + STAYS
"""Somebody comes from the left and stands there."""


def watch(boxes: list[tuple[float, float, float, float]], begin: datetime, *entries: Damping) -> Level:
    """What the rule says at the end of five pictures a second, followed by the tracker."""
    tracker = Tracker()
    made = rule({"id": "lobby", "kind": "presence", "classes": ["person"], "zone": ZONE, "raise_after": "2s"})
    state, at = made.start(begin), begin
    for number, box in enumerate(boxes):
        at = begin + timedelta(seconds=number / 5)
        one = Detections(
            np.array([box], np.float32), np.full(1, 0.8, np.float32), np.zeros(1, np.int64), ("person",)
        )
        scene = Scene("cam", at, tracker.update(one, at))
        state = made.observe(state, seen(entries, made.params, scene, CHINA))
    return made.level(state, at)


def test_the_way_of_a_false_verdict() -> None:
    """The same thing raises no more at that spot, somebody who comes there does, and in the end it expires."""
    level = watch(STAYS, RAISED)
    assert level.state == "active"
    made = params({"kind": "presence", "classes": ["person"], "zone": ZONE, "raise_after": "2s"})
    assert isinstance(made, presence.Params)
    raised = Raised(
        "incident", "lobby", "cam", made.severity, RAISED, 2.0, decided(made, level.tracks), verdict=False
    )
    judged_at = RAISED + timedelta(hours=9)
    sent = dampings(raised, made, now=judged_at, new_id=lambda: "01")
    read = [Damping.model_validate_json(each.model_dump_json()) for each in sent]
    assert read == list(sent)
    assert [each.expires_at for each in read] == [judged_at + timedelta(days=14)]

    assert watch(STAYS, RAISED + timedelta(days=1), *read).state == "inactive"
    assert watch(COMES, RAISED + timedelta(days=1), *read).state == "active"
    assert watch(STAYS, RAISED + timedelta(days=1, hours=3), *read).state == "active"
    assert watch(STAYS, RAISED + timedelta(days=14), *read).state == "inactive"
    assert watch(STAYS, RAISED + timedelta(days=15), *read).state == "active"
