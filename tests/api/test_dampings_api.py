"""Dampings over HTTP: what they would cost is seen and confirmed first, cameras follow, and each can be ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.ledger import incidents, raises
from config.secrets import SecretBox
from detectors.damping import Thing
from detectors.raised import Raised
from detectors.signal import Severity
from hub.serve.county import read_county
from tests.servers.house import SECRET, House

RULES = """
rules:
  - {id: yard, kind: presence, condition: person-after-hours, devices: [cam-1], classes: [person], severity: major}
  - {id: flames, kind: presence, condition: fire, devices: [cam-1], classes: [person], severity: life}
  - {id: counter, kind: absence, condition: counter-unattended, devices: [cam-1], classes: [person], severity: minor,
     raise_after: 5m}
"""
COAT = Thing("person", (0.4, 0.3, 0.5, 0.7), (0.4, 0.3, 0.5, 0.7))
WALKER = Thing("person", (0.4, 0.3, 0.5, 0.7), (0.0, 0.3, 0.1, 0.7))


@pytest.fixture(scope="module", autouse=True)
def rules(house: House) -> None:
    """Rules that look at a camera."""
    house.registry.apply(RULES, name="yard", prune=False, dry_run=False, who="admin")


def raised(
    house: House,
    *things: Thing,
    spot: str,
    rule: str = "yard",
    severity: Severity = "major",
    ago: timedelta = timedelta(0),
) -> str:
    """An incident of a camera's rule, with what decided."""
    condition = {
        "yard": "person-after-hours",
        "flames": "fire",
        "counter": "counter-unattended",
        "gate": "gate-open",
    }[rule]
    place = f"school-1/{spot}"
    signal = house.signal(place, device="cam-1", condition=condition, severity=severity)
    house.apply(replace(signal, rule=rule, kind="presence"))
    with house.ledger.read() as conn:
        stored = incidents.open_at(conn, place, condition)
    assert stored is not None
    key = stored.incident.id
    at = house.now() - ago
    if things:
        found = Raised(key, rule, "cam-1", severity, at, 16 / 9, things)
        house.ledger.write(lambda tx: raises.keep(tx, found)).result(10)
    return key


def judged(house: House, incident: str, *, verdict: bool) -> None:
    """Olga says whether it was true."""
    said = house.client("olga").post(
        f"/incidents/{incident}/judge", json={"verdict": verdict, "reason": "a coat"}
    )
    assert said.status_code == 200, said.text


def tasks(house: House) -> list[dict[str, object]]:
    """The dampings that the worker of cam-1 is given."""
    with house.ledger.read() as conn:
        county = read_county(conn, SecretBox(SECRET), timezone="Asia/Shanghai", now=house.now())
    found = county.cameras["cam-1"]["dampings"]
    assert isinstance(found, list)
    return found


def test_what_it_costs_is_shown_then_confirmed_then_it_holds(house: House) -> None:
    """The same thing at the same spot and hour would be lost; who came in, and another hour, would not."""
    olga = house.client("olga")
    coat = raised(house, COAT, spot="a")
    again = raised(house, COAT, spot="b", ago=timedelta(days=2))
    walker = raised(house, WALKER, spot="c")
    noon = raised(house, COAT, spot="d", ago=timedelta(hours=5))
    judged(house, again, verdict=True)
    refused = olga.post("/dampings/try", json={"incident": coat})
    assert (refused.status_code, "judged false" in refused.text) == (409, True)
    judged(house, coat, verdict=False)

    shown = olga.post("/dampings/try", json={"incident": coat, "for": "7d"}).json()
    assert shown["damps"] == [{"label": "person", "box": [0.4, 0.3, 0.5, 0.7]}]
    assert {each["incident"]: each["verdict"] for each in shown["lost"]} == {coat: False, again: True}
    assert (shown["kept"], shown["true"], shown["partly"]) == (2, 1, []), (walker, noon)

    asked = {"incident": coat, "for": "7d"}
    blind = olga.post("/dampings", json={**asked, "lost": [coat]})
    assert blind.status_code == 409, "more would be lost than was confirmed"
    assert tasks(house) == []
    begun = olga.post("/dampings", json={**asked, "lost": [coat, again]})
    assert begun.status_code == 201, begun.text
    [entry] = begun.json()["items"]
    assert (entry["rule"], entry["device"], entry["state"], entry["created_by"]) == (
        "yard", "cam-1", "active", "olga",
    )  # fmt: skip
    [given] = tasks(house)
    assert (given["id"], given["label"], given["rule"]) == (entry["id"], "person", "yard")

    listed = olga.get("/dampings?state=active&device=cam-1").json()["items"]
    assert [each["id"] for each in listed] == [entry["id"]]
    assert olga.delete(f"/dampings/{entry['id']}").status_code == 204
    assert tasks(house) == []
    assert olga.delete(f"/dampings/{entry['id']}").status_code == 409
    over = olga.get(f"/dampings/{entry['id']}").json()
    assert (over["state"], over["ended_by"]) == ("over", "olga")
    trail = house.client("aude").get("/audit?limit=1000").json()["items"]
    said = [each["action"] for each in trail if each["action"].startswith("damping.")]
    assert said[:2] == ["damping.end", "damping.begin"]


REPLAYED: list[tuple[str, dict[str, object], list[str], list[str]]] = [
    ("as it is", {}, [], []),
    ("surer", {"min_certainty": 0.7}, ["sure-0.6"], ["both"]),
    ("another class", {"classes": ["car"]}, ["sure-0.6", "sure-0.9", "both", "unknown", "left"], []),
    ("the right half", {"zone": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]}, ["left", "sure-0.6", "sure-0.9", "unknown"],
     ["both"]),
    ("judged by the middle", {"zone": [[0, 0], [1, 0], [1, 0.6], [0, 0.6]], "point": "middle"}, [], []),
    ("never at that hour", {"schedule": []}, ["sure-0.6", "sure-0.9", "both", "unknown", "left"], []),
]  # fmt: skip


@pytest.fixture(scope="module")
def gate(house: House) -> dict[str, str]:
    """A rule with five raises, by what decided them: how sure, where."""
    rule = "{id: gate, kind: presence, condition: gate-open, devices: [cam-1], classes: [person], severity: minor}"
    house.registry.apply(f"rules: [{rule}]", name="gate", prune=False, dry_run=False, who="admin")
    left, right = (0.1, 0.3, 0.2, 0.7), (0.7, 0.3, 0.8, 0.7)
    things = {
        "sure-0.6": (Thing("person", left, certainty=0.6),),
        "sure-0.9": (Thing("person", left, certainty=0.9),),
        "both": (Thing("person", left, certainty=0.6), Thing("person", right, certainty=0.95)),
        "unknown": (Thing("person", left),),
        "left": (Thing("person", left, certainty=1.0),),
    }
    return {name: raised(house, *each, spot=f"gate-{name}", rule="gate") for name, each in things.items()}


@pytest.mark.parametrize(("reason", "keys", "lost", "partly"), REPLAYED, ids=[row[0] for row in REPLAYED])
def test_a_changed_rule_is_tried_on_what_decided(
    house: House,
    gate: dict[str, str],
    reason: str,
    keys: dict[str, object],
    lost: list[str],
    partly: list[str],
) -> None:
    """What would not have been raised is listed; what is not known of a thing speaks for it. Nothing is changed."""
    admin = house.client("admin")
    before = admin.get("/rules").json()
    rule = {"id": "gate", "kind": "presence", "devices": ["cam-1"], "classes": ["person"], **keys}
    if "schedule" in keys:
        apart = house.now() + timedelta(hours=8 + 12)  # half a day away, on Shanghai's clock
        rule["schedule"] = [{"hours": f"{apart:%H}:00-{apart:%H}:30"}]
    told = admin.post("/rules/replay", json={"rule": rule})
    assert told.status_code == 200, told.text
    found = told.json()
    assert sorted(each["incident"] for each in found["lost"]) == sorted(gate[each] for each in lost), reason
    assert sorted(each["incident"] for each in found["partly"]) == sorted(gate[each] for each in partly), (
        reason
    )
    assert (found["raises"], found["kept"], found["true"]) == (5, 5 - len(lost) - len(partly), 0)
    assert admin.get("/rules").json() == before


def test_true_ones_that_would_be_lost_are_counted(house: House, gate: dict[str, str]) -> None:
    """So that nobody overlooks them."""
    judged(house, gate["sure-0.6"], verdict=True)
    rule = {
        "id": "gate",
        "kind": "presence",
        "devices": ["cam-1"],
        "classes": ["person"],
        "min_certainty": 0.7,
    }
    found = house.client("admin").post("/rules/replay", json={"rule": rule}).json()
    assert [(each["device"], each["verdict"]) for each in found["lost"]] == [("cam-1", True)]
    assert found["true"] == 1


@pytest.mark.parametrize(
    ("rule", "status", "said"),
    [
        ({"id": "r", "kind": "absence", "devices": ["cam-1"], "classes": ["person"], "raise_after": "5m"}, 422,
         "what is missing"),
        ({"id": "r", "kind": "threshold", "devices": ["fridge-1"], "quantity": "temperature", "above": 8}, 422,
         "things in a picture"),
        ({"id": "r", "kind": "presence", "devices": ["moon"], "classes": ["person"]}, 422, "moon"),
    ],
    ids=["raised by what is missing", "over readings", "a mistake in it"],
)  # fmt: skip
def test_what_cannot_be_replayed_says_why(
    house: House, rule: dict[str, object], status: int, said: str
) -> None:
    """Nothing is stored of what decides it, or it is no rule."""
    answer = house.client("admin").post("/rules/replay", json={"rule": rule})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_it_expires_by_itself(house: House) -> None:
    """After its time no worker is given it, and the list says so."""
    olga = house.client("olga")
    coat = raised(house, COAT, spot="e", ago=timedelta(hours=9))
    judged(house, coat, verdict=False)
    lost = [each["incident"] for each in olga.post("/dampings/try", json={"incident": coat}).json()["lost"]]
    [entry] = olga.post("/dampings", json={"incident": coat, "for": "1h", "lost": lost}).json()["items"]
    assert [each["id"] for each in tasks(house)] == [entry["id"]]
    house.shift += timedelta(hours=1, seconds=1)
    try:
        assert tasks(house) == []
        assert olga.get(f"/dampings/{entry['id']}").json()["state"] == "over"
    finally:
        house.shift -= timedelta(hours=1, seconds=1)


REFUSED: list[tuple[str, dict[str, object], int, str]] = [
    ("flames", {}, 409, "life safety is never damped"),
    ("counter", {}, 409, "what is missing raises it, not what is seen"),
    ("none", {}, 409, "nothing is stored of what decided"),
    ("yard", {"for": "91d"}, 422, "no longer than 90 days"),
    ("yard", {"for": "0s"}, 422, "some time at all"),
    ("yard", {"incident": "no-such-incident"}, 404, "it is not there"),
]


@pytest.mark.parametrize(("rule", "changes", "status", "why"), REFUSED, ids=[row[3] for row in REFUSED])
def test_what_is_refused(house: House, rule: str, changes: dict[str, object], status: int, why: str) -> None:
    """Before anything is written."""
    things = () if rule == "none" else (COAT,)
    severity: Severity = "life" if rule == "flames" else "major"
    name = "yard" if rule == "none" else rule
    incident = raised(house, *things, spot=f"x-{rule}", rule=name, severity=severity)
    judged(house, incident, verdict=False)
    asked = {"incident": incident, **changes}
    assert house.client("olga").post("/dampings/try", json=asked).status_code == status, why
    assert house.client("olga").post("/dampings", json={**asked, "lost": []}).status_code == status, why


def test_how_often_a_rule_was_right(house: House) -> None:
    """Of this week's incidents those judged, by rule; of one device where asked; another town's for nobody here."""
    for number, verdict in enumerate((True, True, False, None)):
        incident = raised(house, COAT, spot=f"p-{number}", rule="counter", severity="minor")
        if verdict is not None:
            judged(house, incident, verdict=verdict)
    found = house.client("olga").get("/precision?weeks=2&device=cam-1").json()["rules"]
    assert set(found) >= {"counter"}
    before, now = found["counter"]
    assert (before["raised"], before["precision"]["rate"]) == (0, None)
    counted = now["true"], now["false"], now["precision"]["n"], now["precision"]["of"]
    # one more was judged false above, in the table of what is refused
    assert counted == (2, 2, 2, 4)
    assert house.client("olga").get("/precision?device=fridge-1").json()["rules"] == {}
    assert house.client("hans").get("/precision").status_code == 403
