"""The catalogue over HTTP: searched by everybody, changed by administrators, and what it does to a case."""

from __future__ import annotations

import pytest

from tests.servers.house import House

REPORT = {"kind": "complaint", "site": "school-1", "title": "A smell", "source": "hotline"}
OWN = {"id": "smell-road", "big": "smells", "name": "路面异味", "opens": "闻到异味"}


def test_the_catalogue_is_searched(house: House) -> None:
    """Fourteen groups are shipped, a county's own stand beside them; words, group and pages narrow the list."""
    client = house.client("hans")
    every = client.get("/categories?limit=1000").json()["items"]
    groups = [each for each in every if each["big"] is None]
    assert len(groups) == 15
    assert 60 <= len(every) - len(groups) <= 121
    for query, expected in (
        ("q=后厨 异味", ["smell-kitchen"]),
        ("q=smell IN kitchen", ["smell-kitchen"]),
        ("q=井盖&big=public-facilities", ["manhole-missing"]),
        ("q=井盖&big=公用设施", ["manhole-missing"]),
        ("big=smells", ["smell-kitchen"]),
        ("big=nowhere", []),
    ):
        found = client.get(f"/categories?{query}").json()["items"]
        assert [each["id"] for each in found] == expected, query
    first = client.get("/categories?limit=2").json()
    following = client.get(f"/categories?limit=2&cursor={first['next']}").json()["items"]
    assert [each["id"] for each in every[:4]] == [each["id"] for each in (*first["items"], *following)]
    one = client.get("/categories/smell-kitchen").json()
    assert (one["opens"]["zh"], one["limits"], one["unit"]) == (
        "闻到异味",
        {"discover": "5m", "handle": "2wd"},
        "kitchens",
    )
    assert client.get("/categories/no-such").status_code == 404


def test_a_case_follows_its_category(house: House) -> None:
    """Unit, workflow, limits and severity come from the row; the case shows when it opens and closes."""
    made = house.client("olga").post("/cases", json={**REPORT, "category": "smell-kitchen"})
    assert made.status_code == 201, made.text
    case = made.json()
    assert (case["category"], case["workflow"], case["step"]) == ("smell-kitchen", "six-step", "discover")
    assert (case["unit"], case["units"], case["severity"]) == ("kitchens", ["kitchens"], "critical")
    assert case["clocks"][0]["limit"] == "5m"
    shown = house.client("hans").get(f"/cases/{case['id']}").json()
    assert shown["catalogue"]["opens"]["zh"] == "闻到异味"
    assert shown["catalogue"]["closes"]["zh"] == "异味消除"
    dora = house.client("dora")
    steps: tuple[dict[str, str], ...] = (
        {"action": "discover"}, {"action": "accept"}, {"action": "dispatch", "to": "kitchens"},
    )  # fmt: skip
    for step in steps:
        client = house.client("olga") if step["action"] == "discover" else dora
        shown = client.post(f"/cases/{case['id']}/actions", json=step).json()
    limits = {each["step"]: each["limit"] for each in shown["clocks"]}
    assert limits == {"discover": "5m", "accept": "30m", "dispatch": "30m", "handle": "2wd"}
    severe = {**REPORT, "category": "smell-kitchen", "severity": "info"}
    assert house.client("olga").post("/cases", json=severe).json()["severity"] == "info"


@pytest.mark.parametrize(
    ("category", "told"),
    [
        ("smell-kitchn", "did you mean smell-kitchen?"),
        ("x", "GET /api/v1/categories lists them"),
        ("smells", "is a group of categories"),
    ],
)
def test_an_unknown_category_is_refused(house: House, category: str, told: str) -> None:
    """The problem names the field and the mend."""
    answer = house.client("olga").post("/cases", json={**REPORT, "category": category})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "category"
    assert told in answer.json()["detail"]


def test_an_administrator_changes_it(house: House) -> None:
    """PUT and DELETE of one row; a retired one takes no case; a sheet comes by its content type."""
    admin, olga = house.client("admin"), house.client("olga")
    assert admin.put("/categories/smell-road", json=OWN).json()["created"] == 1
    assert olga.put("/categories/smell-road", json=OWN).status_code == 403
    assert olga.post("/cases", json={**REPORT, "category": "smell-road"}).status_code == 201
    assert admin.put("/categories/smell-road", json={**OWN, "retired": True}).json()["updated"] == 1
    answer = olga.post("/cases", json={**REPORT, "category": "smell-road"})
    assert (answer.status_code, "is retired" in answer.json()["detail"]) == (422, True)
    assert "smell-road" not in olga.get("/categories?limit=1000").text
    assert "smell-road" in olga.get("/categories?retired=1&limit=1000").text
    wrong = admin.put("/categories/smell-road", json={**OWN, "unit": "nobody"})
    assert "there is no unit 'nobody'" in wrong.json()["errors"][0]["message"]
    assert admin.delete("/categories/smell-road").status_code == 204
    sheet = "编号,大类,小类名称\ns-1,smells,一\ns-2,nowhere,二\n".encode()
    headers = {"Content-Type": "text/csv"}
    refused = admin.post("/registry/apply?name=ours", content=sheet, headers=headers)
    assert [(each["file"], each["line"]) for each in refused.json()["errors"]] == [("ours.csv", 3)]
    done = admin.post("/registry/apply", content=sheet.replace(b"nowhere", b"smells"), headers=headers)
    assert done.json()["created"] == 2, done.text


def test_plans_are_listed(house: House) -> None:
    """The shipped ones and the county's own."""
    found = {each["id"]: each for each in house.client("kim").get("/plans?limit=1000").json()["items"]}
    assert found["warm"]["own"] is True
    assert found["gas"]["own"] is False
    assert all(1 <= len(each["steps"]) <= 5 for each in found.values())
