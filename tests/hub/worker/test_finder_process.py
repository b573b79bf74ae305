"""FinderProcess: hides what the models find, survives its process, and says what it cannot."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.processes import tree
from hub.turns import NICE
from hub.worker.finder_process import FinderProcess
from hub.worker.models import Models
from hub.worker.people import NO_PICTURE, WHOLE, find
from ingest.errors import HubError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "models"
STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
KNOWN = (0.1, 0.2, 0.3, 0.4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the shipped models."""
    for name in ("coco-ssd", "centerface"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    return tmp_path


@contextmanager
def process(models: Path) -> Iterator[FinderProcess]:
    """One, ended afterwards."""
    made = FinderProcess(models)
    try:
        yield made
    finally:
        made.close()


def its_pid() -> int:
    """The only process of that name below this one."""
    (found,) = [
        each for each in tree(os.getpid()) if b"hub.finder" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
    return found


def street() -> NDArray[np.uint8]:
    """People in a street."""
    film = cv2.VideoCapture(str(STREET))
    there, picture = film.read()
    film.release()
    assert there, f"{STREET} is missing; run `make setup`"
    return np.asarray(picture, np.uint8)


def test_it_finds_what_would_be_found_here() -> None:
    """The same boxes as in this process, one after the other, and beside them who is known already."""
    here = Models(SHIPPED)
    here.keep(["coco-ssd"])
    model = here.get("coco-ssd")
    assert model is not None
    expected = find(street(), model.people, here.hiders(), known=[KNOWN])
    with process(SHIPPED) as finder:
        first = finder.find(street(), "coco-ssd", [KNOWN])
        assert first == expected
        assert first.persons[0] == KNOWN
        assert len(first.persons) > 3
        assert finder.find(street(), "coco-ssd", [KNOWN]) == first


def test_it_gives_way_to_cameras() -> None:
    """All of its process, at the priority that others are not disturbed by; this one keeps its own."""
    with process(SHIPPED) as finder:
        finder.find(NO_PICTURE, "coco-ssd", [])
        assert os.getpriority(os.PRIO_PROCESS, its_pid()) == NICE
        assert os.getpriority(os.PRIO_PROCESS, 0) == 0


@pytest.mark.parametrize("model", [None, "no-such-model", "centerface"])
def test_where_no_model_tells_persons_everything_is_hidden(model: str | None) -> None:
    """A camera without a model, one whose model is gone, and one that finds faces only."""
    with process(SHIPPED) as finder:
        assert finder.find(street(), model, [KNOWN]) == ([WHOLE], [])


def test_one_that_was_killed_is_started_again() -> None:
    """The next picture is answered all the same, by another process."""
    with process(SHIPPED) as finder:
        finder.find(NO_PICTURE, "coco-ssd", [])
        before = its_pid()
        os.kill(before, signal.SIGKILL)
        assert finder.find(street(), "coco-ssd", []).persons
        assert its_pid() != before


def test_a_picture_that_breaks_it_costs_that_picture_only(root: Path) -> None:
    """Bytes that are no picture: told with the reason; the next one is answered by the same process."""
    with process(root) as finder:
        finder.find(NO_PICTURE, "coco-ssd", [])
        pid = its_pid()
        with pytest.raises(HubError, match="persons could not be found"):
            finder.find(np.zeros((1, 0, 3), np.uint8), "coco-ssd", [])
        assert finder.find(street(), "coco-ssd", []).persons
        assert its_pid() == pid


def test_a_model_for_hiding_that_cannot_be_used_is_told(root: Path) -> None:
    """Without its weights persons are hidden all the same; with them again faces are, too."""
    weights = root / "centerface" / "centerface.onnx"
    kept = weights.rename(root / "kept.onnx")
    with process(root) as finder:
        assert finder.find(street(), "coco-ssd", []).persons
        ((name, reason),) = finder.blind
        assert (name, "centerface.onnx" in reason) == ("centerface", True)
        kept.rename(weights)
        finder.find(street(), "coco-ssd", [])
        assert finder.blind == ()


def test_who_asks_one_that_ended_is_refused() -> None:
    """No process is started any more."""
    with process(SHIPPED) as finder:
        finder.find(NO_PICTURE, "coco-ssd", [])
        finder.close()
        with pytest.raises(HubError, match="the worker ends"):
            finder.find(street(), "coco-ssd", [])
