"""Photos in the file of a case: brought by whoever may act on it, seen by those who work on cases, sealed at rest."""

from __future__ import annotations

import hashlib
import io

import httpx
import pytest
from PIL import Image

from alerts.chain import broken_at
from alerts.ledger import check
from ingest.picture import MOST_BYTES
from tests.servers.house import House

REPORT = {"kind": "complaint", "site": "school-1", "title": "A broken step", "source": "operator"}

WORKFLOW = """
workflows:
  - id: with-photos
    name: With photos
    steps:
      - {step: accept, name: Accept, roles: [operator, dispatcher]}
      - {step: handle, name: Handle, roles: [handler], by_unit: true, needs: [photo-after]}
      - {step: verify, name: Verify, roles: [operator], independent: true}
categories:
  - {id: with-photos, big: smells, name: With photos, workflow: with-photos, unit: kitchens}
"""


@pytest.fixture(scope="module", autouse=True)
def ready(house: House) -> None:
    """A workflow whose handling needs a photo."""
    answer = house.client("admin").post("/registry/apply", content=WORKFLOW.encode())
    assert answer.status_code == 200, answer.text


def photo(colour: tuple[int, int, int] = (200, 30, 30), kind: str = "JPEG") -> bytes:
    """A telephone's photo, with the place it was taken at."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-MAKE"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 45.0, 50.0), 3: "E", 4: (116.0, 48.0, 21.0)})
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, kind, exif=exif)
    return out.getvalue()


def case_of(house: House) -> str:
    """A fresh case that is to be handled."""
    made = house.client("olga").post("/cases", json={**REPORT, "category": "with-photos"}).json()
    done = house.client("dora").post(f"/cases/{made['id']}/actions", json={"action": "accept"})
    assert done.json()["step"] == "handle", done.text
    return str(made["id"])


def bring(
    house: House, who: str, case: str, content: bytes, phase: str = "after", **more: str
) -> httpx.Response:
    """The upload of one photo."""
    files = {"photo": ("C:\\photos\\../../x.php", content, "image/gif")}
    data = {"phase": phase}
    return house.client(who).post(f"/cases/{case}/attachments", files=files, data=data, headers=more)


def test_from_upload_to_a_sealed_history(house: House) -> None:
    """The step that needs a photo takes one; history, photo and audit trail carry the same sha256."""
    case = case_of(house)
    hans = house.client("hans")
    bare = hans.post(f"/cases/{case}/actions", json={"action": "handle"})
    assert (bare.status_code, bare.json()["errors"][0]["path"]) == (422, "attachments")
    before = bring(house, "hans", case, photo(), "before").json()
    wrong = hans.post(f"/cases/{case}/actions", json={"action": "handle", "attachments": [before["id"]]})
    assert "a photo of after the work" in wrong.json()["detail"]
    made = bring(house, "hans", case, photo((30, 200, 30), "PNG"))
    assert made.status_code == 201, made.text
    after = made.json()
    assert (after["phase"], after["who"], after["role"]) == ("after", "hans", "handler")
    both = {"action": "handle", "attachments": [before["id"], after["id"]]}
    entry = hans.post(f"/cases/{case}/actions", json=both).json()["history"][-1]
    assert entry["attachments"] == [before["id"], after["id"]]
    assert entry["sha256"] == {each["id"]: each["sha256"] for each in (before, after)}
    shown = house.client("sue").get(f"/cases/{case}").json()
    assert [each["phase"] for each in shown["attachments"]] == ["before", "after"]
    assert broken_at(shown["history"]) is None
    assert broken_at([*shown["history"][:-1], {**entry, "sha256": {}}]) is not None
    got = hans.get(f"/cases/{case}/attachments/{after['id']}")
    assert got.headers["content-type"] == "image/jpeg"
    assert hashlib.sha256(got.content).hexdigest() == after["sha256"]
    assert b"SECRET" not in got.content
    assert b"Exif" not in got.content
    trail = house.client("aude").get(f"/audit?subject={case}").json()["items"]
    seen = [each for each in trail if each["action"] == "attachment.read"]
    assert [(each["who"], each["detail"]) for each in seen] == [("hans", {"attachment": after["id"]})]
    assert {each["detail"]["sha256"] for each in trail if each["action"] == "case.attach"} == {
        before["sha256"],
        after["sha256"],
    }
    log = house.client("dora").get("/events?limit=1000").json()["items"]
    told = [each for each in log if each["data"].get("id") == case]
    assert [each["data"]["change"]["action"] for each in told] == [
        "open",
        "accept",
        "attach",
        "attach",
        "handle",
    ]
    with house.ledger.read() as conn:
        assert check.violations(conn) == []


def test_it_lies_sealed(house: House) -> None:
    """On the disk there is no picture, only what the secret opens; a changed file is told, not shown."""
    case = case_of(house)
    made = bring(house, "hans", case, photo()).json()
    [path] = (house.folder / "evidence" / f"case-{case}").iterdir()
    stored = path.read_bytes()
    assert b"JFIF" not in stored
    path.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    answer = house.client("hans").get(f"/cases/{case}/attachments/{made['id']}")
    assert answer.status_code == 500
    path.unlink()
    assert house.client("hans").get(f"/cases/{case}/attachments/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("who", "upload", "look"),
    [
        ("hans", 201, 200),
        ("olga", 201, 200),
        ("ines", 201, 200),
        ("dora", 201, 200),
        ("sue", 201, 200),
        ("kim", 201, 403),  # the keeper shows what was mended, and sees nobody else's photo
        ("admin", 403, 403),
        ("aude", 403, 403),
        ("city", 403, 403),
        ("guest", 403, 403),
    ],
)
def test_who_may(house: House, who: str, upload: int, look: int) -> None:
    """Who works on cases, and the keeper of the site; not the administrator, the auditor, the platform, or a guest."""
    case = case_of(house)
    first = bring(house, "hans", case, photo()).json()["id"]
    assert bring(house, who, case, photo()).status_code == upload
    assert house.client(who).get(f"/cases/{case}/attachments/{first}").status_code == look


def test_a_case_that_is_over_takes_none(house: House) -> None:
    """Whoever may do nothing to it any more brings nothing into its file; a note is still allowed to some."""
    case = case_of(house)
    done = house.client("dora").post(f"/cases/{case}/actions", json={"action": "cancel", "note": "twice"})
    assert done.status_code == 200
    answer = bring(house, "hans", case, photo())
    assert answer.status_code == 403
    assert "as it stands" in answer.json()["detail"]


def test_the_keeper_shows_what_was_mended(house: House) -> None:
    """The keeper's photo lies in the case of the own site, seen by the inspector; not once it is over."""
    case = case_of(house)
    made = bring(house, "kim", case, photo()).json()
    shown = house.client("ines").get(f"/cases/{case}").json()["attachments"]
    assert [(each["id"], each["phase"], each["role"]) for each in shown] == [
        (made["id"], "after", "site-keeper")
    ]
    assert house.client("ines").get(f"/cases/{case}/attachments/{made['id']}").status_code == 200
    house.client("dora").post(f"/cases/{case}/actions", json={"action": "cancel", "note": "twice"})
    assert bring(house, "kim", case, photo()).status_code == 403
    _, far = house.raise_at("school-9", "fridge-9")
    assert bring(house, "kim", far, photo()).status_code == 404


def test_ids_of_other_cases_are_none(house: House) -> None:
    """An action names photos of its own case only; a photo is found below its own case only."""
    one, other = case_of(house), case_of(house)
    foreign = bring(house, "hans", other, photo()).json()["id"]
    for ids in ([foreign], ["../../etc/passwd"], ["after.jpg"]):
        wrong = house.client("hans").post(
            f"/cases/{one}/actions", json={"action": "handle", "attachments": ids}
        )
        assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "attachments"), ids
    assert house.client("hans").get(f"/cases/{one}/attachments/{foreign}").status_code == 404
    _, far = house.raise_at("school-9", "fridge-9")
    assert bring(house, "hans", far, photo()).status_code == 404
    assert bring(house, "hans", "no-such-case", photo()).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 422, "empty"),
        (b"<?php system('id'); ?>", 422, "neither JPEG, PNG nor WebP"),
        (b"%PDF-1.7", 422, "neither JPEG, PNG nor WebP"),
        (photo()[:-100], 422, "cut off"),
        (bytes(MOST_BYTES + 1), 413, "more than"),
        (bytes(MOST_BYTES + 5_000_000), 413, "more than"),
    ],
    ids=["empty", "php", "pdf", "cut", "too large", "far too large"],
)
def test_what_is_no_photo(house: House, content: bytes, status: int, told: str) -> None:
    """A clear problem, and nothing is kept."""
    case = case_of(house)
    answer = bring(house, "hans", case, content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert house.client("hans").get(f"/cases/{case}").json()["attachments"] == []
    assert not (house.folder / "evidence" / f"case-{case}").exists()


def test_forms_that_are_none(house: House) -> None:
    """A wrong phase, no file, a field where the file belongs, no multipart, a broken one."""
    case = case_of(house)
    client, path = house.client("hans"), f"/cases/{case}/attachments"
    assert bring(house, "hans", case, photo(), "later").json()["errors"][0]["path"] == "phase"
    for answer in (
        client.post(path, data={"phase": "after"}),
        client.post(path, data={"photo": "text"}, files={"other": b"x"}),
        client.post(path, json={"photo": "x"}),
        client.post(path, content=b"\xff" * 100, headers={"Content-Type": "multipart/form-data; boundary=x"}),
        client.post(path, files=[("photo", b"a"), ("photo", b"b")]),
    ):
        assert answer.status_code in {400, 422}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_same_key_is_one_photo(house: House) -> None:
    """Sent again with its Idempotency-Key it is the same photo, and one file; another photo is 409."""
    case = case_of(house)
    key = {"Idempotency-Key": f"photo-{case}"}
    first = bring(house, "hans", case, photo(), **key)
    again = bring(house, "hans", case, photo(), **key)
    assert first.json() == again.json()
    assert bring(house, "hans", case, photo((1, 2, 3)), **key).status_code == 409
    assert len(house.client("hans").get(f"/cases/{case}").json()["attachments"]) == 1
    assert len(list((house.folder / "evidence" / f"case-{case}").iterdir())) == 1
