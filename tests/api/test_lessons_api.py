"""Lessons over HTTP: examples are cut out of originals by right and reason, sealed, counted, and forgotten again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from api.worker_app import create_worker_app
from detectors.teach.region import parse_region
from hub.worker.crop import png
from ingest.errors import NotFound
from ingest.video.recode import encode
from tests.api.test_cameras_api import View
from tests.servers.house import WORKER_TOKEN, House, served

RED, GREEN, GREY = (20, 20, 220), (20, 200, 20), (128, 128, 128)
WHERE = "0.25,0.25,0.5,0.5"
SHOWN: Mapping[str, object] = {"holds": True, "reason": "the lid is off"}


class Teacher(View):
    """A worker whose camera shows a red square, or nobody."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.strength = 220

    def region(self, device: str, region: str) -> bytes:
        """Cut out of a picture of cam-1."""
        if device != "cam-1":
            raise NotFound("another worker's")
        if region == "upper-body":
            raise NotFound("nobody is in the picture")
        return png(parse_region(region), square((20, 20, self.strength)), None)


def square(colour: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture, grey with a square in its middle."""
    made = np.full((240, 320, 3), GREY, np.uint8)
    made[60:180, 80:240] = colour
    return made


@pytest.fixture(scope="module")
def worker(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teacher]:
    """The worker of cam-1."""
    view = Teacher(tmp_path_factory.mktemp("worker"))
    with served(create_worker_app(view, WORKER_TOKEN)) as address:
        house.workers.addresses["cam-1"] = address
        yield view
        del house.workers.addresses["cam-1"]


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """An incident of cam-1 with an original: red for a second, then green."""
    key, _ = house.raise_at("school-1", "cam-1", condition="bin-uncovered")
    film = ((n / 25, square(RED if n < 25 else GREEN)) for n in range(50))
    house.evidence.files[key, "original.mp4"] = encode(film, 50)
    return key


def begun(house: House, name: str) -> httpx.Client:
    """Ines, who has begun a lesson of this id."""
    ines = house.client("ines")
    new = {"id": name, "device": "cam-1", "condition": "bin-uncovered", "region": WHERE}
    said = ines.post("/lessons", json=new)
    assert said.status_code == 201, said.text
    assert said.json()["examples"] == {"yes": 0, "no": 0}
    return ines


def middle(content: bytes) -> tuple[int, int, int]:
    """The colour in the middle of a PNG."""
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    blue, green, red = (int(each) for each in picture[picture.shape[0] // 2, picture.shape[1] // 2])
    return blue, green, red


def test_an_example_of_now(house: House, worker: Teacher) -> None:
    """Cut by the worker, sealed on the disk, opened by right and reason only, each act in the audit trail."""
    worker.strength = 220
    ines = begun(house, "bins-now")
    made = ines.post("/lessons/bins-now/examples", json=SHOWN)
    assert made.status_code == 201, made.text
    example = made.json()
    assert (example["holds"], example["incident"], example["created_by"]) == (True, None, "ines")
    files = list((house.folder / "evidence" / "lesson-bins-now").iterdir())
    assert [each.read_bytes().startswith(b"\x89PNG") for each in files] == [False]

    path = f"/lessons/bins-now/examples/{example['id']}.png"
    assert ines.get(path).status_code == 422
    curious = path + "?reason=curious"
    assert house.client("admin").get(curious).status_code == 403, "sees lessons, and opens no original"
    assert house.client("kim").get(curious).status_code == 404, "sees no lessons"
    assert house.client("olga").get("/lessons/bins-now").json()["examples"] == {"yes": 1, "no": 0}
    crop = ines.get(path + "?reason=is+it+the+lid")
    assert crop.headers["content-type"] == "image/png"
    assert middle(crop.content)[2] > 180
    trail = house.client("admin").get("/audit?limit=10").json()["items"]
    assert [each["action"] for each in trail][:3] == ["lesson.look", "lesson.example", "lesson.create"]
    assert trail[0]["detail"]["reason"] == "is it the lid"


def test_the_same_picture_is_no_second_example(house: House, worker: Teacher) -> None:
    """409, and nothing is left of it; another light is another example."""
    worker.strength = 200
    ines = begun(house, "bins-twice")
    ines.post("/lessons/bins-twice/examples", json=SHOWN).raise_for_status()
    again = ines.post("/lessons/bins-twice/examples", json={**SHOWN, "holds": False})
    assert again.status_code == 409
    assert len(list((house.folder / "evidence" / "lesson-bins-twice").iterdir())) == 1
    worker.strength = 160
    ines.post("/lessons/bins-twice/examples", json={**SHOWN, "holds": False}).raise_for_status()
    assert ines.get("/lessons/bins-twice").json()["examples"] == {"yes": 1, "no": 1}


def test_an_example_of_an_original(house: House, incident: str) -> None:
    """The picture of that second of the sealed clip: red before the first second, green after it."""
    ines = begun(house, "bins-then")
    for second, holds in ((0.4, True), (1.5, False)):
        shown = {"holds": holds, "reason": "seen in the clip", "incident": incident, "second": second}
        made = ines.post("/lessons/bins-then/examples", json=shown)
        assert made.status_code == 201, made.text
    items = ines.get("/lessons/bins-then").json()["items"]
    colours = {}
    for each in items:
        crop = ines.get(f"/lessons/bins-then/examples/{each['id']}.png?reason=test").content
        blue, green, red = middle(crop)
        colours[each["holds"]] = "red" if red > green else "green"
        assert max(blue, green, red) > 150
    assert colours == {True: "red", False: "green"}
    assert [each["second"] for each in items] == [1.5, 0.4]


def test_an_example_is_forgotten_and_a_lesson_with_all(house: House, worker: Teacher) -> None:
    """Row and file; twice is 404."""
    worker.strength = 140
    ines = begun(house, "bins-gone")
    folder = house.folder / "evidence" / "lesson-bins-gone"
    first = ines.post("/lessons/bins-gone/examples", json=SHOWN).json()["id"]
    worker.strength = 120
    ines.post("/lessons/bins-gone/examples", json=SHOWN).raise_for_status()
    assert ines.delete(f"/lessons/bins-gone/examples/{first}").status_code == 204
    assert ines.delete(f"/lessons/bins-gone/examples/{first}").status_code == 404
    assert len(list(folder.iterdir())) == 1
    assert ines.delete("/lessons/bins-gone").status_code == 204
    assert ines.get("/lessons/bins-gone").status_code == 404
    assert not folder.exists()


def test_a_training_is_asked_for_once(house: House, worker: Teacher) -> None:
    """With too few examples it says what is missing; while it waits it is not asked for again, nor is it deleted."""
    ines = begun(house, "bins-few")
    few = ines.post("/lessons/bins-few/training")
    assert few.status_code == 409
    assert "0 examples of yes and 0 of no" in few.text
    for number in range(10):
        worker.strength = 20 + number * 9
        shown = {**SHOWN, "holds": number % 2 == 0}
        ines.post("/lessons/bins-few/examples", json=shown).raise_for_status()
    asked = ines.post("/lessons/bins-few/training")
    assert asked.status_code == 202
    assert asked.json()["training"]["state"] == "asked"
    assert ines.post("/lessons/bins-few/training").status_code == 409
    assert ines.delete("/lessons/bins-few").status_code == 409
    assert ines.post("/lessons/bins-few/rollback", json={}).status_code == 404  # there is no version yet


@pytest.mark.parametrize(
    ("why", "wrong", "status"),
    [
        ("who somebody is is never taught", {"condition": "face-of-li"}, 422),
        ("a condition is one word", {"condition": "Bin uncovered!"}, 422),
        ("a region lies in the picture", {"region": "0.5,0.5,0.9,0.2"}, 422),
        ("a lesson has a region", {"region": "picture"}, 422),
        ("an id is a folder's name", {"id": "../bins"}, 422),
        ("a camera of another town is not there", {"device": "cam-9"}, 404),
        ("a sensor has no picture", {"device": "fridge-1"}, 404),
        ("a camera that is none", {"device": "nobody"}, 404),
    ],
)
def test_lessons_that_cannot_be(house: House, why: str, wrong: dict[str, object], status: int) -> None:
    """Each is refused by name."""
    new = {"id": "bins-wrong", "device": "cam-1", "condition": "bin-uncovered", "region": WHERE}
    assert house.client("ines").post("/lessons", json={**new, **wrong}).status_code == status, why


@pytest.mark.parametrize(
    ("why", "shown", "status"),
    [
        ("a reason is typed", {"holds": True, "reason": "  "}, 422),
        ("second and incident go together", {**SHOWN, "second": 2.0}, 422),
        ("an incident that is not there", {**SHOWN, "incident": "nobody", "second": 1.0}, 404),
    ],
)
def test_examples_that_cannot_be(house: House, why: str, shown: dict[str, object], status: int) -> None:
    """Each is refused by name."""
    if house.client("ines").get("/lessons/bins-odd").status_code == 404:
        begun(house, "bins-odd")
    assert house.client("ines").post("/lessons/bins-odd/examples", json=shown).status_code == status, why


def test_an_incident_of_another_camera(house: House) -> None:
    """Its original shows another place."""
    ines = begun(house, "bins-other")
    key, _ = house.raise_at("school-1", "fridge-1")
    shown = {**SHOWN, "incident": key, "second": 1.0}
    assert ines.post("/lessons/bins-other/examples", json=shown).status_code == 422


@pytest.mark.usefixtures("worker")
def test_nobody_is_in_the_picture(house: House) -> None:
    """The upper body of nobody is 404, and says so."""
    ines = house.client("ines")
    new = {"id": "hats", "device": "cam-1", "condition": "hat-missing", "region": "upper-body"}
    ines.post("/lessons", json=new).raise_for_status()
    said = ines.post("/lessons/hats/examples", json=SHOWN)
    assert said.status_code == 404
    assert "nobody is in the picture" in said.text


def test_who_may_not(house: House) -> None:
    """An operator reads lessons and teaches none; an administrator has no original to teach with."""
    new = {"id": "bins-no", "device": "cam-1", "condition": "bin-uncovered", "region": WHERE}
    for name in ("olga", "admin", "sue", "dora", "kim"):
        assert house.client(name).post("/lessons", json=new).status_code == 403, name
