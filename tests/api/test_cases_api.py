"""Cases over HTTP: opened once per external id, acted on with versions, compared by day; keys make POSTs safe."""

from __future__ import annotations

import hashlib

from tests.servers.house import House

REPORT = {"kind": "complaint", "site": "school-1", "title": "A smell of gas", "source": "hotline"}


def case_of(house: House, external_id: str) -> dict[str, object]:
    """A new case, opened by the operator."""
    answer = house.client("olga").post("/cases", json={**REPORT, "external_id": external_id})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_report_becomes_a_case_once(house: House) -> None:
    """The same source and external_id is the same case, with its number, also from another user."""
    first = case_of(house, "h-1")
    again = house.client("dora").post("/cases", json={**REPORT, "external_id": "h-1", "title": "other words"})
    assert again.json()["id"] == first["id"]
    assert first["number"] == again.json()["number"]
    assert first["step"] == "accept"
    assert [each["action"] for each in first["history"]] == ["open"]  # type: ignore[attr-defined]


def test_the_same_key_is_the_same_answer(house: House) -> None:
    """A POST repeated with its Idempotency-Key changes nothing and answers the same; another body is 409."""
    client, headers = house.client("olga"), {"Idempotency-Key": "key-1"}
    first = client.post("/cases", json=REPORT, headers=headers)
    again = client.post("/cases", json=REPORT, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = client.post("/cases", json={**REPORT, "title": "another"}, headers=headers)
    assert other.status_code == 409
    assert other.json()["type"] == "urn:hub:problem:conflict"
    # the key belongs to its user
    theirs = house.client("dora").post("/cases", json=REPORT, headers=headers)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != first.json()["id"]
    free = client.post("/cases", json=REPORT)
    assert free.json()["id"] != first.json()["id"]


def test_a_refused_post_keeps_no_key(house: House) -> None:
    """What failed changed nothing, so the same key may be used for the mended request."""
    client, headers = house.client("olga"), {"Idempotency-Key": "key-2"}
    assert client.post("/cases", json={**REPORT, "site": "moon"}, headers=headers).status_code == 404
    assert client.post("/cases", json=REPORT, headers=headers).status_code == 201


def test_an_action_needs_the_present_version(house: House) -> None:
    """A stale expect_version is 409, an action the table lacks is 422 naming both, the right one goes on."""
    case = case_of(house, "h-2")
    olga, path = house.client("olga"), f"/cases/{case['id']}/actions"
    stale = olga.post(path, json={"action": "accept", "expect_version": 99})
    assert stale.status_code == 409
    assert stale.json()["type"] == "urn:hub:problem:version-stale"
    unknown = olga.post(path, json={"action": "verify"})
    assert unknown.status_code == 422
    assert unknown.json()["type"] == "urn:hub:problem:unknown-action"
    assert "verify" in unknown.json()["detail"]
    assert "accept" in unknown.json()["detail"]
    done = olga.post(path, json={"action": "accept", "expect_version": case["version"]})
    assert done.status_code == 200, done.text
    assert done.json()["step"] == "report"


def test_the_whole_way_by_the_right_people(house: House) -> None:
    """Seven steps, each by who may; the handler never verifies, the administrator does nothing; events follow."""
    case = case_of(house, "h-3")
    path = f"/cases/{case['number']}/actions"
    for name in ("admin", "aude"):
        assert house.client(name).post(path, json={"action": "accept"}).status_code == 403
    way = [
        ("olga", "accept", {}),
        ("olga", "report", {}),
        ("dora", "dispatch", {"to": "kitchens"}),
        ("hans", "handle", {"note": "closed the valve"}),
        ("hans", "feedback", {"note": "done"}),
    ]
    for name, action, more in way:
        answer = house.client(name).post(path, json={"action": action, **more})
        assert answer.status_code == 200, (action, answer.text)
    assert house.client("hans").post(path, json={"action": "verify"}).status_code == 403
    for name, action, state in (("olga", "verify", "open"), ("sue", "evaluate", "closed")):
        answer = house.client(name).post(path, json={"action": action, "note": "good"})
        assert answer.json().get("state") == state, (action, answer.text)
    changes = [
        each["data"]["change"]["action"]
        for each in house.client("olga").get("/events?limit=1000").json()["items"]
        if each["type"].startswith("case.") and each["data"]["id"] == case["id"]
    ]
    assert changes == ["open", "accept", "report", "dispatch", "handle", "feedback", "verify", "evaluate"]


def test_two_platforms_can_compare_a_day(house: House) -> None:
    """Count, states, and a hash that anybody can compute from the list; only visible cases count."""
    case_of(house, "h-4")
    house.raise_at("school-9", "fridge-9")
    mine = house.client("dora").get("/cases/reconcile?limit=1000").json()
    lines = "".join(
        f"{each['number']},{each['external_id'] or ''},{each['state']},{each['version']}\n"
        for each in mine["cases"]
    )
    assert mine["hash"] == hashlib.sha256(lines.encode()).hexdigest()
    assert (
        mine["count"] == len(mine["cases"]) == sum(mine["states"].values()) == sum(mine["sources"].values())
    )
    first = house.client("dora").get("/cases/reconcile?limit=1").json()
    assert first["hash"] == mine["hash"], "of all lines, whatever the page"
    rest = house.client("dora").get(f"/cases/reconcile?limit=1000&cursor={first['next']}").json()
    assert first["cases"] + rest["cases"] == mine["cases"]
    everything = house.client("aude").get("/cases/reconcile?limit=1000").json()
    assert everything["count"] == mine["count"] + 1
    assert house.client("dora").get("/cases/reconcile?date=2020-01-01").json()["count"] == 0


def test_lists_page_and_filter(house: House) -> None:
    """`limit` and `cursor` walk the whole list once; filters narrow it; `area` includes what lies below."""
    for number in range(5):
        case_of(house, f"page-{number}")
    client, seen, cursor = house.client("olga"), list[str](), None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/cases", params=query).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [each["id"] for each in client.get("/cases?limit=1000").json()["items"]]
    assert len(set(seen)) == len(seen)
    assert client.get("/cases?area=county&limit=1000").json()["items"]
    assert client.get("/cases?area=west").json()["items"] == []
    assert client.get("/cases?state=paused").json()["items"] == []


def test_a_case_says_what_its_reader_may_do(house: House) -> None:
    """`may` is what this reader may do now, nothing for who only looks; `loop` and `names` are everybody's."""
    case = case_of(house, "h-may")
    mine = house.client("olga").get(f"/cases/{case['id']}").json()
    assert mine["may"][0] == {
        "action": "accept",
        "name": {"zh": "受理", "en": "Accept"},
        "step": True,
        "effect": "complete",
        "needs": [],
        "to": None,
        "rated": False,
        "waits_for": [],
    }
    assert [each["step"] for each in mine["loop"]["steps"]][-1] == "evaluate"
    theirs = house.client("hans").get(f"/cases/{case['number']}").json()
    assert theirs["names"]["site"] == {"zh": "School 1", "en": "School 1"}
    assert theirs["names"]["units"] == {"kitchens": {"zh": "Kitchens", "en": "Kitchens"}}
    assert "accept" not in {each["action"] for each in theirs["may"]}
    for name in ("kim", "aude", "guest", "admin", "city"):
        assert house.client(name).get(f"/cases/{case['id']}").json()["may"] == [], name
