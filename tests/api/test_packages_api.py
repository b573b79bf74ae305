"""The evidence package: by right, reason and audit; verified far from the hub, where one changed byte is named."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from alerts import package
from alerts.chain import seal
from alerts.ledger import evidence
from alerts.ledger.engine import Connection
from alerts.package import json_of
from alerts.package_check import check
from tests.servers.house import House

REASON_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
REASON = "reason=for the hearing of tomorrow"
FILES: Mapping[evidence.EvidenceName, bytes] = {
    "shown.jpg": b"shown picture " * 100,
    "shown-boxes.jpg": b"with boxes " * 100,
    "original.mp4": bytes(range(256)) * 400,
}


def photo(colour: int) -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (colour, 30, 30)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def case(house: House) -> str:
    """A case with an incident's evidence, photos of before and after, and a history that names them."""
    incident, key = house.raise_at("school-1", "fridge-1")
    now = house.now()

    def write(conn: Connection) -> None:
        evidence.expect(conn, incident, ref="r", worker="w", now=now)
        for name, content in FILES.items():
            house.evidence.files[incident, name] = content
            digest = hashlib.sha256(content).hexdigest()
            evidence.set_ready(conn, incident, name, path=name, sha256=digest, size=len(content), now=now)

    house.ledger.write(write).result(10)
    steps: tuple[tuple[str, dict[str, object]], ...] = (
        ("olga", {"action": "accept"}),
        ("olga", {"action": "report"}),
        ("dora", {"action": "dispatch", "to": "kitchens"}),
    )
    for who, body in steps:
        assert house.client(who).post(f"/cases/{key}/actions", json=body).status_code == 200
    ids = []
    for phase, colour in (("before", 200), ("after", 20)):
        files = {"photo": ("p.jpg", photo(colour))}
        made = house.client("hans").post(f"/cases/{key}/attachments", files=files, data={"phase": phase})
        ids.append(made.json()["id"])
    body = {"action": "handle", "attachments": ids}
    assert house.client("hans").post(f"/cases/{key}/actions", json=body).status_code == 200
    return key


@pytest.fixture
def packed(house: House, case: str, tmp_path: Path) -> Path:
    """The package, as the inspector gets it."""
    answer = house.client("ines").get(f"/cases/{case}/package.zip?{REASON}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    path = tmp_path / "case.zip"
    path.write_bytes(answer.content)
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package packed anew after a change of its files."""
    with zipfile.ZipFile(path) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    change(files)
    made = path.with_name("changed.zip")
    with zipfile.ZipFile(made, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return made


def test_everything_is_in_it(house: House, case: str, packed: Path) -> None:
    """Originals, shown copies, photos, case, history, both languages; the manifest says who, when, why."""
    checked = check(packed)
    assert checked.findings == ()
    with zipfile.ZipFile(packed) as zipped:
        assert zipped.testzip() is None
        names = set(zipped.namelist())
        manifest = json.loads(zipped.read("manifest.json"))
        shown = json.loads(zipped.read("case.json"))
        history = json.loads(zipped.read("history.json"))
        readme = zipped.read("README.txt").decode()
        [incident] = shown["incidents"]
        for name, content in FILES.items():
            assert zipped.read(f"incidents/{incident}/{name}") == content
    live = house.client("ines").get(f"/cases/{case}").json()
    assert history == live["history"]
    assert {f"attachments/{each['id']}.jpg" for each in live["attachments"]} <= names
    assert f"incidents/{incident}/incident.json" in names
    assert {each["path"] for each in manifest["files"]} | {"manifest.json"} == names
    assert (manifest["made"]["by"], manifest["made"]["role"]) == ("ines", "inspector")
    assert manifest["made"]["reason"] == "for the hearing of tomorrow"
    assert manifest["chain"] == {
        "entries": live["version"], "last_hash": history[-1]["hash"], "state": "whole",
    }  # fmt: skip
    assert manifest["missing"] == []
    for text in ("核验", "Verify", live["number"], "ines", "for the hearing of tomorrow"):
        assert text in readme
    trail = house.client("aude").get(f"/audit?subject={live['id']}").json()["items"][0]
    assert (trail["action"], trail["who"]) == ("case.package", "ines")
    with zipfile.ZipFile(packed) as zipped:
        digest = hashlib.sha256(zipped.read("manifest.json")).hexdigest()
    assert trail["detail"]["manifest"] == digest, "the trail tells this package from every other"
    assert digest in checked.said


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("ines", REASON, 200),
        ("olga", REASON, 200),
        ("ines", "", 422),
        ("ines", "reason=%20%20%20%20%20x", 422),
        ("dora", REASON, 403),
        ("hans", REASON, 403),
        ("sue", REASON, 403),
        ("kim", REASON, 403),
        ("admin", REASON, 403),
        ("aude", REASON, 403),
        ("city", REASON, 403),
        ("guest", REASON, 403),
    ],
)
def test_who_may(house: House, case: str, who: str, query: str, status: int) -> None:
    """The right for originals and a typed reason; whoever is refused leaves no trace of a package."""
    before = len(house.client("aude").get(f"/audit?subject={case}").json()["items"])
    assert house.client(who).get(f"/cases/{case}/package.zip?{query}").status_code == status
    after = len(house.client("aude").get(f"/audit?subject={case}").json()["items"])
    assert after - before == (status == 200)


def changed(name: str, at: int = 5) -> Callable[[dict[str, bytes]], None]:
    """One byte of one file is another."""

    def change(files: dict[str, bytes]) -> None:
        path = next(each for each in files if each.endswith(name))
        content = bytearray(files[path])
        content[at] ^= 1
        files[path] = bytes(content)

    return change


def forged(files: dict[str, bytes]) -> None:
    """A photo is exchanged, and the manifest told so."""
    path = next(each for each in files if each.startswith("attachments/"))
    files[path] = photo(99)
    manifest = json.loads(files["manifest.json"])
    for each in manifest["files"]:
        if each["path"] == path:
            each |= {"sha256": hashlib.sha256(files[path]).hexdigest(), "bytes": len(files[path])}
    files["manifest.json"] = json_of(manifest)


def rewritten_entry(files: dict[str, bytes]) -> None:
    """An entry of the history says another name, and the manifest is told the new digest."""
    history = json.loads(files["history.json"])
    history[2]["who"] = "somebody"
    files["history.json"] = json_of(history)
    manifest = json.loads(files["manifest.json"])
    for each in manifest["files"]:
        if each["path"] == "history.json":
            each |= {
                "sha256": hashlib.sha256(files["history.json"]).hexdigest(),
                "bytes": len(files["history.json"]),
            }
    files["manifest.json"] = json_of(manifest)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed("original.mp4", 90_000), "original.mp4: is not what was packed"),
        (changed("shown.jpg"), "shown.jpg: is not what was packed"),
        (changed(".jpg"), ".jpg: is not what was packed"),
        (changed("README.txt"), "README.txt: is not what was packed"),
        (changed("case.json", 30), "case.json: is not what was packed"),
        (lambda files: files.pop("case.json"), "case.json: is missing"),
        (lambda files: files.pop("manifest.json"), "manifest.json: cannot be read"),
        (lambda files: files.update({"more.txt": b"x"}), "more.txt: is not in the manifest"),
        (forged, "is not what entry 5 of the history sealed"),
        (rewritten_entry, "history.json: entry 3 is not what was sealed"),
        (lambda files: files.update({"manifest.json": b"[]"}), "manifest.json: cannot be read"),
        (lambda files: files.update({"manifest.json": b"{\xff"}), "manifest.json: cannot be read"),
    ],
    ids=[
        "original", "shown", "photo", "readme", "case", "case taken out", "no manifest", "added", "forged photo",
        "forged entry", "other json", "no json",
    ],
)  # fmt: skip
def test_what_was_changed_is_named(
    packed: Path, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    """Packed anew around the change, as somebody would who knows zip files."""
    findings = check(rewritten(packed, change)).findings
    assert any(told in each for each in findings), findings


def test_one_byte_anywhere_in_a_file_is_named(packed: Path) -> None:
    """Any byte of any file's content, changed in the zip itself: the file is named."""
    whole = packed.read_bytes()
    with zipfile.ZipFile(packed) as zipped:
        infos = zipped.infolist()
    broken = packed.with_name("broken.zip")
    for info in infos:
        start = info.header_offset + 30 + whole[info.header_offset + 26] + whole[info.header_offset + 28]
        for at in (start, start + info.file_size // 2, start + info.file_size - 1):
            content = bytearray(whole)
            content[at] ^= 0x20
            broken.write_bytes(bytes(content))
            findings = check(broken).findings
            assert any(each.startswith(f"{info.filename}:") for each in findings), (info.filename, findings)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 5000], ids=["empty", "head only", "no zip"])
def test_no_package_at_all(tmp_path: Path, content: bytes) -> None:
    """Said in one line."""
    path = tmp_path / "none.zip"
    path.write_bytes(content)
    [finding] = check(path).findings
    assert finding.startswith("none.zip: not a whole zip")


def test_a_package_that_is_cut_off(packed: Path) -> None:
    """Half a download is no whole package."""
    packed.write_bytes(packed.read_bytes()[:-300])
    assert check(packed).findings


def test_the_command_says_so(packed: Path) -> None:
    """`hub audit verify PACKAGE.zip` ends with 0 for a whole one and with 1 for a changed one, without any hub."""

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hub", "audit", "verify", str(path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    good = run(packed)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("whole: case ")
    bad = run(rewritten(packed, changed("original.mp4")))
    assert bad.returncode == 1
    assert "original.mp4: is not what was packed" in bad.stdout
    none = run(packed.with_name("none.zip"))
    assert none.returncode == 2
    assert "there is no package" in none.stderr


def test_what_cannot_be_read_is_told(house: House, case: str) -> None:
    """A file that is gone does not keep the rest: the manifest says what is missing and why."""
    incident = house.client("ines").get(f"/cases/{case}").json()["incidents"][0]
    kept = house.evidence.files.pop((incident, "original.mp4"))
    try:
        answer = house.client("ines").get(f"/cases/{case}/package.zip?{REASON}")
    finally:
        house.evidence.files[incident, "original.mp4"] = kept
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        manifest = json.loads(zipped.read("manifest.json"))
    assert manifest["missing"] == [
        {"path": f"incidents/{incident}/original.mp4", "reason": "no original.mp4"}
    ]


def test_memory_is_bounded(tmp_path: Path, house: House) -> None:
    """Forty files of five megabytes need little more than one of them."""
    big = bytes(5_000_000)
    names = [f"f{at}" for at in range(40)]
    tracemalloc.start()
    try:
        with (tmp_path / "big.zip").open("wb") as out:
            for piece in package.stream(names, lambda _: bytes(big), house.now()):
                out.write(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 15_000_000
    assert (tmp_path / "big.zip").stat().st_size > 200_000_000


def test_a_broken_chain_is_packed_as_such() -> None:
    """Whoever asks for the package of a damaged case gets it, and is told."""
    first: dict[str, object] = {"seq": 1, "who": "a"}
    history = [{**first, "hash": seal(first, "0" * 64)}, {"seq": 2, "who": "b", "hash": "0" * 64}]
    case = {"id": "x", "number": "2026-000001"}
    made = package.Made("ines", "inspector", REASON_AT, "why")
    assert package.manifest(case, history, [], [], made=made)["chain"] == {
        "entries": 2, "last_hash": "0" * 64, "state": "broken at entry 2",
    }  # fmt: skip
