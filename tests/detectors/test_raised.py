"""Raised: dampings out of a false verdict, and what they would have done to the raises that are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from detectors.damping import Thing
from detectors.raised import Raised, dampings, decided, replay
from detectors.rule import RuleParams
from detectors.rules import overlap
from detectors.shelf import AnyRuleParams
from detectors.signal import Severity
from ingest.errors import HubError
from tests.detectors.filming import track

CHINA = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
NOW = AT + timedelta(hours=5)
HERE = Thing("person", (0.4, 0.5, 0.5, 0.75))
BESIDE = Thing("person", (0.5, 0.5, 0.6, 0.75))
FAR = Thing("person", (0.8, 0.5, 0.9, 0.75))
CAME = Thing("person", (0.4, 0.5, 0.5, 0.75), (0.0, 0.5, 0.1, 0.75))


def raised(
    *things: Thing,
    verdict: bool | None = False,
    days: float = 0,
    rule: str = "lobby",
    device: str = "cam",
    severity: Severity = "minor",
) -> Raised:
    """So many days after the first."""
    return Raised("i", rule, device, severity, AT + timedelta(days=days), 16 / 9, things, verdict)


def lobby(**keys: object) -> RuleParams:
    """The rule."""
    body = {"id": "lobby", "kind": "presence", "classes": ["person"]} | keys
    read: RuleParams = TypeAdapter(AnyRuleParams).validate_python(body)
    return read


def test_one_entry_for_each_thing() -> None:
    """Of its class, at its spot, for fourteen days from the verdict on; what stood elsewhere has one of its own."""
    ids = count(1)
    made = dampings(raised(HERE, FAR), lobby(), now=NOW, new_id=lambda: f"{next(ids):02}")
    assert [(each.id, each.rule, each.device, each.label, each.box) for each in made] == [
        ("01", "lobby", "cam", "person", HERE.box),
        ("02", "lobby", "cam", "person", FAR.box),
    ]
    assert {(each.at, each.expires_at, each.aspect) for each in made} == {
        (AT, NOW + timedelta(days=14), 16 / 9)
    }
    longer = dampings(raised(HERE), lobby(), now=NOW, new_id=lambda: "x", lasts=timedelta(days=90))
    assert longer[0].expires_at == NOW + timedelta(days=90)


REFUSED: list[tuple[str, Raised, RuleParams, timedelta, str, str]] = [
    ("nobody judged it", raised(HERE, verdict=None), lobby(), timedelta(days=1), "conflict", "not judged false"),
    ("judged true", raised(HERE, verdict=True), lobby(), timedelta(days=1), "conflict", "not judged false"),
    ("about life safety", raised(HERE), lobby(severity="life"), timedelta(days=1), "conflict", "life safety"),
    ("it was about life safety then", raised(HERE, severity="life"), lobby(), timedelta(days=1), "conflict",
     "life safety"),
    ("raised by what is missing", raised(HERE), lobby(kind="absence", raise_after="5m"), timedelta(days=1), "conflict",
     "what is missing"),
    ("stored without what decided", raised(), lobby(), timedelta(days=1), "conflict", "nothing is stored"),
    ("for no time", raised(HERE), lobby(), timedelta(0), "invalid-input", "at most 90 days"),
    ("for too long", raised(HERE), lobby(), timedelta(days=90, seconds=1), "invalid-input", "at most 90 days"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "judged", "params", "lasts", "slug", "said"), REFUSED, ids=[row[0] for row in REFUSED]
)
def test_what_is_not_damped(
    reason: str, judged: Raised, params: RuleParams, lasts: timedelta, slug: str, said: str
) -> None:
    """Refused with the reason."""
    with pytest.raises(HubError, match=said) as caught:
        dampings(judged, params, now=NOW, new_id=lambda: "01", lasts=lasts)
    assert caught.value.slug == slug, reason


REPLAYED: list[tuple[str, Raised, str]] = [
    ("the one that was judged", raised(HERE), "lost"),
    ("true, at the same spot: this is what it costs", raised(BESIDE, verdict=True, days=-3), "lost"),
    ("nobody judged it", raised(HERE, verdict=None, days=-7), "lost"),
    ("somewhere else", raised(FAR, verdict=True), "kept"),
    ("of another class", raised(Thing("dog", HERE.box)), "kept"),
    ("came from elsewhere", raised(CAME, verdict=True), "kept"),
    ("at another hour", raised(HERE, verdict=True, days=-0.5), "kept"),
    ("exactly an hour apart", raised(HERE, days=-1 + 1 / 24), "lost"),
    ("of another rule", raised(HERE, rule="store"), "kept"),
    ("at another camera", raised(HERE, device="cam-2"), "kept"),
    ("life safety", raised(HERE, severity="life"), "kept"),
    ("two things at the spot", raised(HERE, BESIDE), "lost"),
    ("one of two at the spot", raised(HERE, FAR, verdict=True), "partly"),
    ("stored without what decided", raised(verdict=True), "kept"),
    ("after the entry expires", raised(HERE, days=20), "kept"),
]


@pytest.mark.parametrize(("reason", "stored", "expected"), REPLAYED, ids=[row[0] for row in REPLAYED])
def test_replay_of_one(reason: str, stored: Raised, expected: str) -> None:
    """Lost, partly lost, or kept."""
    entries = dampings(raised(HERE), lobby(), now=NOW, new_id=lambda: "01")
    done = replay(entries, [stored], CHINA)
    found = {"lost": done.lost, "partly": done.partly}
    assert {name: len(each) for name, each in found.items()} == {
        "lost": int(expected == "lost"),
        "partly": int(expected == "partly"),
    }, reason
    assert done.kept == int(expected == "kept")


def test_replay_of_many() -> None:
    """What would have been lost is told by what people said of it, in the order in which it was stored."""
    stored = [row[1] for row in REPLAYED]
    entries = dampings(raised(HERE), lobby(), now=NOW, new_id=lambda: "01")
    done = replay(entries, stored, CHINA)
    assert list(done.lost) == [row[1] for row in REPLAYED if row[2] == "lost"]
    assert [len(done.lost_as(verdict)) for verdict in (True, False, None)] == [1, 3, 1]
    assert done.kept + len(done.lost) + len(done.partly) == len(stored)
    assert replay([], stored, CHINA).kept == len(stored)


def test_what_decided() -> None:
    """Things of the rule's classes; the phone in the hand, not the person who holds it. No number goes along."""
    params = lobby(kind="overlap", classes=["cell phone"], others=["person"])
    assert isinstance(params, overlap.Params)
    phone = track(label="cell phone", size=(0.125, 0.125))
    assert decided(params, [track(), phone]) == (Thing("cell phone", phone.box, certainty=phone.surest),)
