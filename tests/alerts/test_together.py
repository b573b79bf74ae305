"""Together rules: what several incidents of one place mean, by tables, in any order, and in a real ledger."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import desk
from alerts.case import Request
from alerts.correlate import TogetherRule, decide, kinds
from alerts.directory import Directory, Site
from alerts.incident import Incident, fold
from alerts.ledger import cases, events, incidents
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.route import Match, Route
from alerts.router import apply_signals, mark_stale, review
from alerts.sight import Sight
from config.nouns.together import Together
from detectors.signal import Signal
from ingest.text import Text
from tests.alerts.county import NOW, OPERATOR, county, do, look, signal

pytestmark = pytest.mark.slow

ALL = Sight.everything()

FIRE = TogetherRule(
    "kitchen-fire",
    "fire",
    (("smoke-seen", "gas-level"), ("smoke-seen", "co-level"), ("smoke-seen", "temperature-high")),
    within=timedelta(minutes=3),
    severity="life",
)
STOVE = TogetherRule("stove-alone", "unattended-flame", (("stove-hot", "nobody-cooking"),), place="zone")
FLOOD = TogetherRule(
    "flooded-ford", "flooded-crossing", (("river-high", "vehicle-entering"),), place="area", severity="life"
)
FRIDGE = TogetherRule(
    "fridge-open", "fridge-left-open", (("fridge-warm", "door-left-open"),), within=timedelta(minutes=10)
)


def spoken(condition: str, at: float = 1, place: str = "school", certainty: float = 1.0) -> Signal:
    """A signal of a rule that is called like its condition, `at` seconds after NOW."""
    moment = NOW + timedelta(seconds=at)
    device = "cross-cam" if place.startswith("cross") else "school-cam"
    return signal(
        1, rule=condition, condition=condition, place=place, device=device, certainty=certainty, at=moment
    )


def opened(*signals: Signal) -> list[Incident]:
    made = [fold(None, each, now=each.at, new_id=each.condition + each.place).incident for each in signals]
    return [each for each in made if each is not None]


@pytest.mark.parametrize(
    ("rule", "signals", "certainty"),
    [
        pytest.param(FIRE, [("smoke-seen", 0, 0.7), ("gas-level", 60, 0.8)], 0.94, id="smoke and gas"),
        pytest.param(FIRE, [("smoke-seen", 0, 0.7), ("co-level", 60, 0.5)], 0.85, id="smoke and CO"),
        pytest.param(
            FIRE, [("temperature-high", 0, 0.5), ("smoke-seen", 9, 0.5)], 0.75, id="heat, then smoke"
        ),
        pytest.param(
            FIRE, [("smoke-seen", 0, 0.5), ("gas-level", 1, 0.5), ("co-level", 2, 0.5)], 0.875, id="two lines"
        ),
        pytest.param(FIRE, [("smoke-seen", 0, 0.7), ("gas-level", 180, 1)], 1.0, id="just within the time"),
        pytest.param(FIRE, [("smoke-seen", 0, 0.7), ("gas-level", 181, 1)], None, id="too far apart"),
        pytest.param(FIRE, [("gas-level", 0, 1), ("co-level", 1, 1)], None, id="of two lines, no line whole"),
        pytest.param(FIRE, [("smoke-seen", 0, 1)], None, id="one alone"),
        pytest.param(FIRE, [], None, id="nothing"),
        pytest.param(
            STOVE, [("stove-hot", 0, 1), ("nobody-cooking", 9, 0.6)], 1.0, id="stove hot, nobody there"
        ),
        pytest.param(
            FLOOD, [("river-high", 0, 1), ("vehicle-entering", 9, 0.6)], 1.0, id="water and vehicles"
        ),
        pytest.param(FLOOD, [("vehicle-entering", 9, 0.6)], None, id="vehicles on a dry road"),
        pytest.param(
            FRIDGE, [("door-left-open", 0, 0.9), ("fridge-warm", 480, 1)], 1.0, id="door, then warm"
        ),
        pytest.param(FRIDGE, [("fridge-warm", 0, 1)], None, id="warm behind a closed door"),
    ],
)
def test_what_conditions_mean_together(
    rule: TogetherRule, signals: list[tuple[str, float, float]], certainty: float | None
) -> None:
    """The four cases, and what does not make one; in every order."""
    made = opened(*(spoken(word, at, certainty=sure) for word, at, sure in signals))
    verdicts = [decide(rule, list(order)) for order in itertools.permutations(made)]
    assert all(each == verdicts[0] for each in verdicts)
    assert (verdicts[0].certainty if verdicts[0] else None) == certainty
    if verdicts[0]:
        assert set(verdicts[0].members) == {each.id for each in made}
        assert verdicts[0].since == NOW + timedelta(seconds=sorted(at for _, at, _ in signals)[1])


def test_a_worse_member_makes_it_worse() -> None:
    """Absorbing never talks anything down."""
    made = opened(
        replace(spoken("stove-hot"), severity="life"), replace(spoken("nobody-cooking"), severity="minor")
    )
    verdict = decide(STOVE, made)
    assert verdict is not None
    assert verdict.severity == "life"


def test_the_shelf_and_the_registry_agree() -> None:
    """The word after `kind:` is a file; another one is a mistake, and so is a rule that follows from itself."""
    assert list(kinds()) == ["conditions"]
    body = {"id": "x", "any_of": [["a", "b"]]}
    assert Together.model_validate(body).kind == "conditions"
    with pytest.raises(ValueError, match="there is no kind 'magic'"):
        Together.model_validate({**body, "kind": "magic"})
    with pytest.raises(ValueError, match="cannot follow from itself"):
        Together.model_validate({**body, "condition": "a"})


@pytest.fixture
def directory() -> Directory:
    """The small county, where fires go to the room; `quiet` lines open no case."""
    return replace(
        county(),
        together=(FIRE, STOVE, FLOOD, FRIDGE),
        routes=(
            Route("room", Match(condition="fire")),
            Route("market", Match(condition="fridge-left-open"), open_case=False),
            Route("market", Match(site_kind="canteen-school")),
            Route("room", workflow="four-step"),
        ),
    )


@pytest.fixture(autouse=True)
def _sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test with a ledger the checker finds nothing."""
    ledger: Ledger | None = request.getfixturevalue("ledger") if "ledger" in request.fixturenames else None
    yield
    if ledger is not None:
        assert look(ledger, violations) == []


def send(ledger: Ledger, directory: Directory, *signals: Signal) -> None:
    for each in signals:
        hear(ledger, directory, each)


def hear(ledger: Ledger, directory: Directory, heard: Signal) -> None:
    do(
        ledger,
        lambda tx: apply_signals(tx, [heard], directory=directory, now=heard.at, origin="serve"),
    )


def by_condition(ledger: Ledger, site: str | None = None) -> dict[str, dict[str, object]]:
    wanted = incidents.Wanted(site=site)
    found = look(ledger, lambda conn: incidents.page(conn, ALL, wanted=wanted).items)
    return {str(each["condition"]): each for each in reversed(found)}


def live_cases(ledger: Ledger, site: str | None = None) -> list[dict[str, object]]:
    wanted = cases.Wanted(site=site)
    found = look(ledger, lambda conn: cases.page(conn, ALL, now=NOW, wanted=wanted).items)
    return [each for each in found if each["state"] in {"open", "paused"}]


def head(ledger: Ledger) -> int:
    return look(ledger, events.head)


def test_the_whole_absorbs_its_members_and_their_cases(ledger: Ledger, directory: Directory) -> None:
    """Smoke opened a case; gas makes it a fire: one live case, with all units called, nothing forgotten."""
    send(ledger, directory, spoken("smoke-seen", 1, certainty=0.7), spoken("gas-level", 9, certainty=0.8))
    found = by_condition(ledger)
    fire, smoke, gas = found["fire"], found["smoke-seen"], found["gas-level"]
    assert fire == fire | {
        "kind": "together", "place": "school", "severity": "life", "certainty": 0.94, "rules": ["kitchen-fire"],
        "devices": ["school-cam"], "members": sorted([str(smoke["id"]), str(gas["id"])]), "absorbed_into": None,
        "raised_at": "2026-11-22T08:00:09.000Z",
    }  # fmt: skip
    assert {smoke["absorbed_into"], gas["absorbed_into"]} == {fire["id"]}
    (case,) = live_cases(ledger)
    assert (case["id"], case["units"], case["severity"]) == (fire["case"], ["market", "room"], "life")
    assert gas["case"] == case["id"], "the second raised no case of its own"
    before = look(ledger, lambda conn: cases.get(conn, ALL, str(smoke["case"]), now=NOW))
    assert (before["state"], before["merged_into"]) == ("merged", case["id"])
    assert case["number"] == "2026-000002"
    types = [each.type for each in look(ledger, lambda conn: events.after(conn, 0, 100, ALL))]
    assert types.count("incident.raised") == 3
    assert types.count("case.opened") == 2


def test_it_clears_when_no_line_holds_any_more(ledger: Ledger, directory: Directory) -> None:
    """The members go on for themselves; what comes back joins the same case."""
    smoke, gas, heat = (spoken(each, 1) for each in ("smoke-seen", "gas-level", "temperature-high"))
    send(ledger, directory, smoke, gas, heat)
    send(ledger, directory, replace(gas, n=2, state="inactive", at=NOW + timedelta(seconds=20)))
    assert by_condition(ledger)["fire"]["state"] == "open", "smoke and heat still hold"
    send(ledger, directory, replace(heat, n=2, state="inactive", at=NOW + timedelta(seconds=30)))
    found = by_condition(ledger)
    assert (found["fire"]["state"], found["fire"]["cleared_at"]) == ("cleared", "2026-11-22T08:00:30.000Z")
    assert found["smoke-seen"]["state"] == "open"
    send(ledger, directory, replace(gas, n=3, at=NOW + timedelta(seconds=40)))
    (case,) = live_cases(ledger)
    assert by_condition(ledger)["fire"]["case"] == case["id"]
    assert len({each["number"] for each in live_cases(ledger)}) == 1


def test_the_same_again_writes_nothing(ledger: Ledger, directory: Directory) -> None:
    """Renewals and the hub's own review leave the log alone."""
    send(ledger, directory, spoken("smoke-seen"), spoken("gas-level"))
    before = head(ledger)
    send(ledger, directory, replace(spoken("smoke-seen"), n=2), replace(spoken("gas-level"), n=2))
    do(ledger, lambda tx: review(tx, directory, NOW + timedelta(seconds=5)))
    assert head(ledger) == before


def test_a_stale_member_makes_it_stale_and_a_rule_that_is_gone_lets_go(
    ledger: Ledger, directory: Directory
) -> None:
    """Unknown is said, never called clear; and what nobody states any more ends."""
    send(ledger, directory, spoken("smoke-seen"), spoken("gas-level"))
    late = NOW + timedelta(minutes=2)
    do(ledger, lambda tx: (mark_stale(tx, late), review(tx, directory, late)))
    fire = by_condition(ledger)["fire"]
    assert (fire["state"], fire["stale"]) == ("open", True)
    do(ledger, lambda tx: review(tx, replace(directory, together=()), late))
    assert by_condition(ledger)["fire"]["state"] == "cleared"


def test_a_whole_without_a_case_leaves_its_members_theirs(ledger: Ledger, directory: Directory) -> None:
    """`open_case: false` on the whole must not silence the parts."""
    send(ledger, directory, spoken("fridge-warm"), spoken("door-left-open"))
    found = by_condition(ledger)
    assert found["fridge-left-open"]["case"] is None
    assert found["fridge-warm"]["case"] != found["door-left-open"]["case"]
    assert len(live_cases(ledger)) == 2


def test_a_member_after_the_case_was_ended_opens_its_own(ledger: Ledger, directory: Directory) -> None:
    """A fire that people called false does not hide the gas that comes next."""
    send(ledger, directory, spoken("smoke-seen"), spoken("co-level", 2))
    (case,) = live_cases(ledger)
    steam = Request("false-alarm", note="steam")
    do(
        ledger,
        lambda tx: desk.act(tx, ALL, str(case["id"]), steam, who=OPERATOR, directory=directory, now=NOW),
    )
    assert live_cases(ledger) == []
    send(ledger, directory, spoken("gas-level", 60))
    (own,) = live_cases(ledger)
    assert by_condition(ledger)["gas-level"]["case"] == own["id"]


def test_places_keep_apart(ledger: Ledger, directory: Directory) -> None:
    """A zone rule needs one zone, a site rule any zones of one site, an area rule any sites of one area."""
    send(
        ledger,
        directory,
        spoken("stove-hot", place="school/stove"),
        spoken("nobody-cooking", place="school/store"),
    )
    send(ledger, directory, spoken("smoke-seen"), spoken("gas-level", place="cross"))
    assert not {"unattended-flame", "fire"} & set(by_condition(ledger))
    send(ledger, directory, spoken("nobody-cooking", 2, place="school/stove"))
    assert by_condition(ledger)["unattended-flame"]["place"] == "school/stove"
    send(ledger, directory, spoken("gas-level", 3, place="school/stove"))
    assert by_condition(ledger)["fire"]["place"] == "school"
    send(
        ledger, directory, spoken("river-high", place="cross"), spoken("vehicle-entering", place="cross/ford")
    )
    flood = by_condition(ledger)["flooded-crossing"]
    assert (flood["place"], flood["area"], flood["site"]) == ("west", "west", None)


SITES = {f"site-{n}": Site(f"site-{n}", "east", "canteen-school", Text("校", "S")) for n in range(1000)}
MANY = replace(county(), sites={**county().sites, **SITES}, together=(FIRE,))


def arrive(ledger: Ledger, site: str, late: Signal) -> None:
    """Heard when everything had happened."""
    now = NOW + timedelta(seconds=400)
    here = replace(late, place=site, device="")
    do(ledger, lambda tx: apply_signals(tx, [here], directory=MANY, now=now, origin="serve"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Ledger]:
    """One ledger for all examples: each has sites of its own."""
    copy = tmp_path_factory.mktemp("order") / "ledger.db"
    shutil.copy(sqlite_template, copy)
    made = Ledger.open(f"sqlite:///{copy}", clock=lambda: NOW)
    yield made
    assert look(made, violations) == []
    made.close()


WORDS = ("smoke-seen", "gas-level", "co-level", "temperature-high")
FREE = iter(SITES)


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(
    raised=st.lists(
        st.tuples(st.sampled_from(WORDS), st.integers(0, 400), st.sampled_from([0.3, 0.6, 0.9])),
        min_size=2,
        max_size=4,
        unique_by=lambda each: each[0],
    ),
    data=st.data(),
)
def test_the_order_of_arrival_does_not_matter(
    kept: Ledger, raised: list[tuple[str, int, float]], data: st.DataObject
) -> None:
    """The same signals in another order, some of them twice: the same fire, the same members, one live case."""
    signals = [spoken(word, at, certainty=sure) for word, at, sure in raised]
    other = data.draw(st.permutations([*signals, *data.draw(st.lists(st.sampled_from(signals), max_size=3))]))
    ends: list[object] = []
    for order in (signals, other):
        site = next(FREE)
        for each in order:
            arrive(kept, site, each)
        found = by_condition(kept, site)
        named = {each["id"]: word for word, each in found.items()}
        fire = found.get("fire")
        members = fire["members"] if fire else []
        assert isinstance(members, list)
        whole = fire and (fire["certainty"], fire["severity"], fire["raised_at"])
        parts = {word: each["absorbed_into"] is not None for word, each in found.items()}
        ends.append((whole, sorted(named[each] for each in members), parts))
        assert len(live_cases(kept, site)) == sum(not absorbed for absorbed in parts.values())
    assert ends[0] == ends[1]
