"""Models of a worker: what hides is asked for nothing else, and is let go of with its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.worker.models import Models

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[3] / "models"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the shipped models."""
    for name in ("coco-ssd", "centerface"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    return tmp_path


def test_no_camera_is_watched_with_what_only_hides(root: Path) -> None:
    """Named as a camera's model it has failed, with the reason; the other can be used."""
    models = Models(root)
    models.keep(["centerface", "coco-ssd"])
    assert models.get("centerface") is None
    assert models.get("coco-ssd") is not None
    assert [each.reason for each in models.states()] == ["it only hides: no camera is watched with it", None]


def test_what_hides_comes_and_goes_with_its_folder(root: Path) -> None:
    """Loaded once; without its weights health says so; without its folder too persons are hidden all the same."""
    models = Models(root)
    (first,) = models.hiders()
    assert models.hiders() == (first,)
    assert models.states() == ()
    (root / "centerface" / "centerface.onnx").unlink()
    assert models.hiders() == ()
    (told,) = models.states()
    assert (told.name, told.detector) == ("centerface", None)
    assert "centerface.onnx" in (told.reason or "")
    shutil.rmtree(root / "centerface")
    assert models.hiders() == ()
    assert models.states() == ()


def test_what_cannot_run_where_it_was_wanted_runs_and_says_so(root: Path) -> None:
    """No graphics card here: the camera is watched all the same, by the processor, and the model's state says why."""
    models = Models(root, "cuda")
    models.keep(["coco-ssd"])
    (told,) = models.states()
    assert told.detector is not None
    assert told.reason == "it runs on the cpu: onnxruntime cannot use cuda here"
    assert len(models.hiders()) == 1
