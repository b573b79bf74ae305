"""Teaching: sealed crops become a version in a process of its own, one lesson after the other, also after a restart."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import pytest

from alerts.ledger import lessons
from alerts.ledger.engine import Ledger
from alerts.lesson import Example, Lesson
from alerts.sight import Sight, Visibility
from detectors.teach.taught import TaughtCondition
from hub.serve.evidence_store import EvidenceStore
from hub.serve.lessons import Lessons
from hub.serve.sweep import sweep
from hub.serve.teaching import Teaching
from tests.detectors.test_teach import MODELS, bin_picture

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
BINS = Lesson("bins", "school-1-cam", "bin-uncovered", "0.2,0.3,0.25,0.4", "east")
SIGHT = Sight.everything()


class Kept:
    """A ledger, a store, and the models' folder of one hub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger.open(f"sqlite:///{folder / 'ledger.db'}", clock=lambda: NOW)
        self.store = EvidenceStore(folder / "evidence", "a-secret")
        self.models = folder / "models"
        shutil.copytree(MODELS / "coco-ssd", self.models / "coco-ssd")
        self.lessons = Lessons(self.store, models=self.models, model_of=lambda _incident: "coco-ssd")
        self.teaching = Teaching(self.ledger, self.lessons, models=self.models, clock=lambda: NOW)
        place = Visibility("east", "canteen-school", "school-1")
        self.ledger.write(lambda tx: lessons.add(tx, BINS, who="ines", place=place, now=NOW)).result(10)

    def show(self, number: int, *, holds: bool) -> str:
        """One example more."""
        png = cv2.imencode(".png", bin_picture(number, uncovered=holds))[1].tobytes()
        key = f"e{number:03}{holds:d}"
        digest = self.lessons.put("bins", key, png)
        at = NOW - timedelta(minutes=2 * number + holds)
        new = Example(key, "bins", holds, None, None, at, digest, len(png))
        self.ledger.write(lambda tx: lessons.add_example(tx, new, who="ines", now=NOW)).result(10)
        return key

    def ask(self) -> None:
        """Train it."""
        self.ledger.write(lambda tx: lessons.ask_training(tx, "bins", who="ines", now=NOW)).result(10)

    def training(self) -> dict[str, object]:
        """How it went."""
        with self.ledger.read() as conn:
            found = lessons.get(conn, SIGHT, "bins")["training"]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A hub with one lesson."""
    made = Kept(tmp_path)
    yield made
    made.ledger.close()


def test_a_lesson_becomes_a_version(kept: Kept) -> None:
    """It finds what it never saw, its card names the sealed examples, and one that was forgotten is not in the next."""
    for number in range(8):
        for holds in (True, False):
            kept.show(number, holds=holds)
    assert asyncio.run(kept.teaching.once()) is False  # nobody asked
    kept.ask()
    assert asyncio.run(kept.teaching.once()) is True
    assert (kept.training()["state"], kept.training()["version"]) == ("done", 1)
    taught = TaughtCondition.load(kept.models / "taught" / "bins")
    fresh = [(number, number % 2 == 0) for number in range(900, 910)]
    answers = taught.score([bin_picture(number, uncovered=holds) for number, holds in fresh])
    assert [p > 0.5 for p in answers] == [holds for _, holds in fresh]
    assert taught.card.cameras == ("school-1-cam",)
    assert taught.card.taught_by == "ines"

    kept.ledger.write(lambda tx: lessons.remove_example(tx, "bins", "e0001", now=NOW)).result(10)
    kept.ask()
    assert asyncio.run(kept.teaching.once()) is True
    first, second = kept.lessons.versions(BINS)[::-1]
    assert (first["version"], first["current"], first["examples"]) == (1, False, {"yes": 8, "no": 8})
    assert (second["version"], second["current"], second["examples"]) == (2, True, {"yes": 7, "no": 8})
    assert kept.lessons.rollback(BINS, None) == 1
    assert [each["current"] for each in kept.lessons.versions(BINS)] == [False, True]


def test_what_cannot_be_learned_says_why(kept: Kept) -> None:
    """Too few examples: failed with the reason, no version, and it may be asked for again."""
    kept.show(1, holds=True)
    kept.show(2, holds=False)
    kept.ask()
    assert asyncio.run(kept.teaching.once()) is True
    told = kept.training()
    assert (told["state"], told["version"]) == ("failed", None)
    assert "examples" in str(told["said"])
    assert kept.lessons.versions(BINS) == ()
    kept.ask()


def test_a_training_that_was_broken_off_begins_anew(kept: Kept) -> None:
    """After a restart the ledger still says that it runs: it is done before those that wait."""
    for number in range(6):
        for holds in (True, False):
            kept.show(number, holds=holds)
    kept.ask()
    kept.ledger.write(lambda tx: lessons.step(tx, "bins", "looks at examples", now=NOW)).result(10)
    assert kept.training()["state"] == "running"
    assert asyncio.run(kept.teaching.once()) is True
    assert kept.training()["state"] == "done"


def test_crops_that_no_row_knows_are_swept(kept: Kept) -> None:
    """A crash between the file and its commit leaves nothing behind; what is known stays."""
    known = kept.show(1, holds=True)
    kept.lessons.put("bins", "stray", b"a crop")
    assert sweep(kept.ledger, kept.store) == 1
    assert [name for _, name in kept.store.files()] == [f"{known}.example.png"]
