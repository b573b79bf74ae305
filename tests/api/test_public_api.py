"""Reports by people without an account: the code is the right; what they send is cleaned, sealed and limited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from alerts import public_report
from alerts.ledger import cases, public_reports
from alerts.sight import Sight
from tests.servers.house import PASSWORD, House, default_settings, open_house

PHONE = "139 0013 9000"
COUNTY = f"""
areas:
  - {{id: east, parent: county, level: town, name: 东, leader: lena, leader_within: 8h}}
  - {{id: grid-1, parent: east, level: micro-grid, name: {{zh: 第一微网格, en: Grid 1}}, leader: hans}}
  - {{id: grid-2, parent: east, level: micro-grid, name: 第二微网格}}
units:
  - {{id: town-hall, area: east, name: 镇政府}}
users:
  - {{name: lena, role: handler, units: [town-hall], password: {PASSWORD.format("lena")}}}
"""


@pytest.fixture
def house(tmp_path: Path, template: Path) -> Iterator[House]:
    """A house with a micro-grid of hans, in the town of lena."""
    with open_house(
        tmp_path, default_settings(tmp_path, public_url="https://hub.example/"), template
    ) as opened:
        answer = opened.client("admin").post("/registry/apply", content=COUNTY.encode())
        assert answer.status_code == 200, answer.text
        yield opened


def code_of(house: House, area: str = "grid-1") -> str:
    """The code that the area's drawing holds."""
    answer = house.client("dora").get(f"/areas/{area}/qr.svg")
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Report-Address"].removeprefix("https://hub.example/r/")


def picture(width: int = 640, height: int = 480) -> bytes:
    """A JPEG with an EXIF block that says where it was taken."""
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    _, made = cv2.imencode(".jpg", noise)
    exif = b"Exif\x00\x00MM\x00*GPSLatitude 35.76 of grandmother's house"
    return made.tobytes()[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif + made.tobytes()[2:]


def send(
    house: House,
    code: str,
    *,
    photo: bytes | None = None,
    to: httpx.Client | None = None,
    more: Mapping[str, str] | None = None,
    **fields: str,
) -> httpx.Response:
    """One report, as the page sends it."""
    given = {"kind": "rubbish", "words": "井盖旁边一堆垃圾", **fields, **(more or {})}
    parts: dict[str, tuple[str | None, str | bytes]] = {
        name: (None, value) for name, value in given.items() if value
    }
    if photo is not None:
        parts["photo"] = ("photo.jpg", photo)
    client = to or house.client(None)
    return client.post(f"/public/reports?code={code}", files=parts)


def newest(house: House, name: str = "admin") -> dict[str, object]:
    """The latest case that this user sees."""
    found = house.client(name).get("/cases?source=public").json()["items"]
    return dict(found[0])


def test_the_drawing_holds_the_address(house: House) -> None:
    """An SVG without script; a code per area; only who may print sees it, and only of areas that he sees."""
    answer = house.client("dora").get("/areas/grid-1/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content.startswith(b"<svg")
    assert b"script" not in answer.content
    code = code_of(house)
    assert re.fullmatch(r"grid-1~[a-z2-7]{24}", code)
    assert code_of(house, "grid-2").partition("~")[2] != code.partition("~")[2]
    assert house.client("olga").get("/areas/grid-1/qr.svg").status_code == 403
    assert house.client("dora").get("/areas/west/qr.svg").status_code == 404


def test_a_report_becomes_a_case_of_the_leader(house: House) -> None:
    """First the leader of the micro-grid: the case is with his unit, he is told, and nobody's number is in it."""
    code = code_of(house)
    form = house.client(None).get(f"/public/form?code={code}").json()
    assert form["area"] == {"zh": "第一微网格", "en": "Grid 1"}
    assert "rubbish" in {each["kind"] for each in form["kinds"]}
    answer = send(house, code, photo=picture(), phone=PHONE)
    assert answer.status_code == 201, answer.text
    case = newest(house, "hans")
    assert (case["source"], case["area"], case["unit"], case["units"]) == (
        "public", "grid-1", "kitchens", ["kitchens"],
    )  # fmt: skip
    report = case["report"]
    assert isinstance(report, dict)
    assert (report["leader"], report["level"], report["photo"], report["reporter"]) == (
        "hans", "grid-1", True, True,
    )  # fmt: skip
    with house.ledger.read() as conn:
        told = conn.exec_driver_sql("select why, addressee from notices").all()
    assert [tuple(row) for row in told] == [("first-told", "hans")]
    everything = (
        house.client("admin").get("/events?limit=1000").text + house.client("admin").get("/audit").text
    )
    assert PHONE not in everything
    assert b"grandmother" not in (house.folder / "ledger.db").read_bytes()
    assert PHONE.encode() not in (house.folder / "ledger.db").read_bytes()


def test_the_photo_and_the_number_are_for_the_handling_unit(house: House) -> None:
    """Cleaned of everything beside its pixels, sealed, shown to the unit that has the case; each look in the trail."""
    send(house, code_of(house), photo=picture(), phone=PHONE).raise_for_status()
    case = newest(house)["id"]
    seen = house.client("hans").get(f"/cases/{case}/photo.jpg")
    assert seen.status_code == 200, seen.text
    assert seen.content.startswith(b"\xff\xd8")
    assert b"Exif" not in seen.content
    image = cv2.imdecode(np.frombuffer(seen.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (480, 640, 3)
    assert house.client("hans").get(f"/cases/{case}/reporter").json() == {"reporter": PHONE}
    for name in ("olga", "dora", "admin", "sue", "ines", "aude", "city"):
        for what in ("photo.jpg", "reporter"):
            assert house.client(name).get(f"/cases/{case}/{what}").status_code in {403, 404}, (name, what)
    trail = house.client("aude").get(f"/audit?subject={case}").text
    assert trail.count('"reporter.open"') == 2


def test_anonymous_is_allowed(house: House) -> None:
    """Without a number and without a photo; then there is nothing to open."""
    send(house, code_of(house)).raise_for_status()
    case = newest(house)["id"]
    assert house.client("hans").get(f"/cases/{case}/reporter").status_code == 404
    answer = house.client("hans").get(f"/cases/{case}/photo.jpg")
    assert answer.json()["type"] == "urn:hub:problem:evidence-none"


def test_it_goes_upward_when_the_leader_does_nothing(house: House) -> None:
    """After his limit the town's leader, after hers the route's unit; who takes it in hand keeps it."""
    code = code_of(house)
    send(house, code, words="one").raise_for_status()
    one = newest(house)["id"]
    send(house, code, words="two").raise_for_status()
    two = newest(house)["id"]
    house.client("hans").post(f"/cases/{two}/actions", json={"action": "report-in"}).raise_for_status()

    def tick(hours: int) -> dict[str, object]:
        now = house.now() + timedelta(hours=hours)
        house.ledger.write(lambda tx: public_report.raise_overdue(tx, house.directory(), now)).result(10)
        found = house.client("admin").get(f"/cases/{one}").json()
        return {"unit": found["unit"], "leader": found["report"]["leader"], "to": found["escalated_to"]}

    assert tick(3) == {"unit": "kitchens", "leader": "hans", "to": None}
    assert tick(5) == {"unit": "town-hall", "leader": "lena", "to": "east"}
    assert house.client("lena").get(f"/cases/{one}").status_code == 200
    assert tick(14) == {"unit": "kitchens", "leader": None, "to": "grid-1"}
    assert tick(400) == {"unit": "kitchens", "leader": None, "to": "grid-1"}
    assert house.client("admin").get(f"/cases/{two}").json()["report"]["leader"] == "hans"


def test_what_became_of_it_is_one_word(house: House) -> None:
    """The receipt shows a word and nothing else; a wrong one is not there."""
    answer = send(house, code_of(house)).json()
    receipt, anybody = answer["receipt"], house.client(None)

    def word() -> object:
        shown = anybody.get(f"/public/reports/{receipt}").json()
        assert set(shown) == {"state", "at"}
        return shown["state"]

    assert word() == "received"
    case = newest(house)["id"]
    house.client("hans").post(f"/cases/{case}/actions", json={"action": "report-in"}).raise_for_status()
    assert word() == "handling"
    house.client("olga").post(
        f"/cases/{case}/actions", json={"action": "false-alarm", "note": "nothing there"}
    ).raise_for_status()
    assert word() == "not-taken"
    other = "y" if receipt[0] != "y" else "z"
    assert anybody.get(f"/public/reports/{other}{receipt[1:]}").status_code == 404


def test_a_new_code_ends_the_old_one(house: House) -> None:
    """Every copy of it answers 404, with a page that says so kindly; guesses do, too."""
    code = code_of(house)
    assert house.client("dora").post("/areas/grid-1/qr").status_code == 403
    house.client("admin").post("/areas/grid-1/qr").raise_for_status()
    for wrong in (code, "grid-1~" + "a" * 24, "grid-1", "nowhere~" + "a" * 24, "~", "grid-1~%00"):
        assert send(house, wrong).status_code in {404, 422}, wrong
        page = httpx.get(f"{house.url}/r/{wrong}")
        assert page.status_code == 404
        assert "已经失效" in page.text
        assert "This code has ended" in page.text
    assert send(house, code_of(house)).status_code == 201
    assert "qr.renew" in house.client("aude").get("/audit?subject=grid-1").text


def test_a_flood_is_told_to_wait_also_after_a_restart(house: House, tmp_path: Path) -> None:
    """Ten from one address, then 429 with Retry-After, counted in the ledger; nobody's address is kept there."""
    code = code_of(house)
    got = [send(house, code, words=f"n {n}").status_code for n in range(12)]
    assert got == [201] * 10 + [429] * 2
    refused = send(house, code)
    assert 0 < int(refused.headers["Retry-After"]) <= 120
    assert refused.json()["type"] == "urn:hub:problem:too-many"
    other = {"X-Forwarded-For": "203.0.113.9"}
    with httpx.Client(base_url=f"{house.url}/api/v1", headers=other) as far:
        assert send(house, code, to=far).status_code == 201, "another address is let in"
    assert b"203.0.113.9" not in (tmp_path / "ledger.db").read_bytes()
    with house.ledger.read() as conn:
        rows = conn.exec_driver_sql("select count(*) from public_limits").scalar_one()
    assert rows == 4, "two addresses, the area, all"
    house.shift += timedelta(minutes=3)
    assert send(house, code).status_code == 201, "one more after its time"
    house.shift += timedelta(days=1)
    assert send(house, code).status_code == 201
    with house.ledger.read() as conn:
        assert conn.exec_driver_sql("select count(*) from public_limits").scalar_one() == 3, (
            "the rest is forgotten"
        )


def test_an_area_has_its_own_limit(house: House) -> None:
    """Many addresses at one code are slowed down; the other micro-grid is not touched."""
    one, two = code_of(house), code_of(house, "grid-2")

    def from_address(n: int, code: str) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{n}"}
        with httpx.Client(base_url=f"{house.url}/api/v1", headers=headers) as client:
            return send(house, code, to=client).status_code

    got = [from_address(n, one) for n in range(32)]
    assert got.count(201) in {30, 31}
    assert got[-1] == 429
    assert from_address(77, two) == 201


HOSTILE: list[tuple[str, bytes, set[int]]] = [
    ("an HTML page", b"<html><script>alert(1)</script>", {422}),
    ("an SVG with script", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', {422}),
    ("a JPEG cut in half", picture()[:3000], {422}),
    ("a head without a picture", b"\xff\xd8\xff\xe0" + b"\x00" * 200, {422}),
    ("a PNG of a hundred thousand by a hundred thousand",
     b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (100_000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00" + b"\x00" * 99,
     {413, 422}),
    ("more than the limit", b"\xff\xd8\xff" + b"\x00" * 10_100_000, {413}),
    ("a zip that begins like a PNG", b"\x89PNG\r\n\x1a\nPK\x03\x04" + b"\x00" * 100, {422}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "content", "status"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_files(house: House, why: str, content: bytes, status: set[int]) -> None:
    """Refused with what is wrong, before anything is opened or stored."""
    answer = send(house, code_of(house), photo=content)
    assert answer.status_code in status, (why, answer.text)
    assert house.client("admin").get("/cases?source=public").json()["items"] == []


FORMS: list[tuple[str, dict[str, str], int]] = [
    ("nothing chosen", {"kind": ""}, 422),
    ("something else chosen", {"kind": "aliens"}, 422),
    ("neither words nor photo", {"words": ""}, 422),
    ("too many words", {"words": "字" * 1001}, 422),
    ("a field beyond all limits", {"words": "x" * 30_000}, 400),
    ("no telephone number", {"phone": "call me <script>"}, 422),
    ("an unknown field", {"role": "administrator"}, 422),
    ("a key that is none", {"key": "short"}, 422),
    ("the trap filled in: answered as if all were well", {"website": "http://spam.example"}, 201),
]


@pytest.mark.parametrize(("why", "fields", "status"), FORMS, ids=[row[0] for row in FORMS])
def test_forms_that_are_none(house: House, why: str, fields: dict[str, str], status: int) -> None:
    """A clear problem, or the silence that machines get; no case in any of them."""
    answer = send(house, code_of(house), more=fields)
    assert answer.status_code == status, (why, answer.text)
    assert house.client("admin").get("/cases?source=public").json()["items"] == []


def test_no_form_at_all(house: House) -> None:
    """JSON, nothing, and a broken multipart body are problems, not faults."""
    url, anybody = f"/public/reports?code={code_of(house)}", house.client(None)
    assert anybody.post(url, json={"kind": "rubbish"}).status_code == 422
    assert anybody.post(url).status_code == 422
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert anybody.post(url, content=b"--x\r\nnonsense", headers=broken).status_code == 422
    missing = {"Content-Type": "multipart/form-data"}
    assert anybody.post(url, content=b"--x", headers=missing).status_code in {400, 422}


def test_sent_twice_is_one_report(house: House) -> None:
    """A page that heard no answer sends again with its key: the same receipt, one case."""
    code, key = code_of(house), "0123456789abcdef"
    first, again = send(house, code, key=key), send(house, code, key=key)
    assert first.json()["receipt"] == again.json()["receipt"]
    assert len(house.client("admin").get("/cases?source=public").json()["items"]) == 1
    assert key not in house.client("admin").get("/cases?source=public").text


def test_details_are_deleted_after_their_time(house: House) -> None:
    """Picture, words and number go; the case and its history stay, whole."""
    send(house, code_of(house), photo=picture(), phone=PHONE).raise_for_status()
    case = str(newest(house)["id"])
    now = house.now()

    def forget(days: int) -> int:
        limit = now + timedelta(days=days)
        return house.ledger.write(lambda tx: public_reports.forget(tx, limit)).result(10)

    assert forget(9999) == 0, "never of a case that is open"
    done = {"action": "false-alarm", "note": "nothing there"}
    house.client("olga").post(f"/cases/{case}/actions", json=done).raise_for_status()
    assert forget(-1) == 0
    assert forget(1) == 1
    assert forget(1) == 0
    with house.ledger.read() as conn:
        shown = cases.get(conn, Sight.everything(), case, now=now)
    assert shown["description"] == ""
    report = shown["report"]
    assert isinstance(report, dict)
    assert (report["photo"], report["reporter"]) == (False, False)
    assert house.client("hans").get(f"/cases/{case}/photo.jpg").status_code == 404


def test_who_reported_by_telephone_is_sealed_too(house: House) -> None:
    """The hotline's reference is in no answer; dispatcher and operator open it, with a line in the trail."""
    given = {
        "kind": "noise",
        "area": "east",
        "title": "Noise",
        "source": "hotline",
        "reporter": f"Wang {PHONE}",
    }
    made = house.client("dora").post("/cases", json=given).json()
    assert PHONE not in str(made)
    assert house.client("dora").get(f"/cases/{made['id']}/reporter").json() == {"reporter": f"Wang {PHONE}"}
    assert house.client("sue").get(f"/cases/{made['id']}/reporter").status_code == 403
    assert PHONE.encode() not in (house.folder / "ledger.db").read_bytes()


def test_a_leader_must_be_able_to_handle(house: House) -> None:
    """A user that is not there, and one that is no handler, are mistakes of the registry."""
    admin = house.client("admin")
    body = {"id": "grid-2", "parent": "east", "level": "micro-grid", "name": "x"}
    for leader, words in (("nobody", "there is no user"), ("olga", "is no handler")):
        answer = admin.put("/areas/grid-2", json={**body, "leader": leader})
        assert answer.status_code == 422
        assert words in answer.text
    assert admin.delete("/users/hans").status_code == 422, "he leads a micro-grid"
