"""The converted COCO detector: stable numbers on a fixed picture, persons and vehicles where they are drawn."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from detectors.detector import HEADS, Detector, try_model
from detectors.heads import ssd
from detectors.model import check_model, load_manifest, unknown_classes
from detectors.provider import CPU, WORDS, Provider
from detectors.session import Session
from ingest.errors import InvalidModel

COCO = Path(__file__).resolve().parents[2] / "models" / "coco-ssd"


@pytest.fixture(scope="module")
def coco() -> Detector:
    return Detector.load(COCO)


def noise() -> NDArray[np.float32]:
    """A fixed input, smooth enough to wake the network: made of sines, no random generator."""
    y, x = np.mgrid[0:300, 0:300].astype(np.float64)
    waves = [np.sin(x / a) * np.cos(y / b) for a, b in ((7, 13), (23, 5), (41, 31))]
    return np.stack(waves)[None].astype(np.float32)


def test_the_converted_network_computes_what_it_did() -> None:
    """Rounded outputs on a fixed input, written down when the conversion was compared with real footage.

    Coarse on purpose: another processor may add in another order, a wrong weight moves far more.
    """
    boxes, scores = Session(COCO / "coco-ssd.onnx").run({"image": noise()})
    assert boxes.shape == (1, 1917, 1, 4)
    assert scores.shape == (1, 1917, 90)
    assert (float(boxes.mean()), float(boxes.std())) == pytest.approx(BOXES, abs=1e-3)
    assert (float(scores.mean()), float(scores.max())) == pytest.approx(SCORES, abs=1e-3)
    assert boxes[0, ::400, 0].round(2) == pytest.approx(np.array(SOME_BOXES), abs=0.011)


@pytest.mark.parametrize("provider", WORDS)
def test_every_provider_computes_the_same_or_leaves_it_to_the_processor(provider: Provider) -> None:
    """What this machine's runtime was not built for is no mistake: the session says what it runs on."""
    session, usual = Session(COCO / "coco-ssd.onnx", provider=provider), Session(COCO / "coco-ssd.onnx")
    assert session.provider in {provider, CPU}
    assert usual.provider == CPU
    for one, other in zip(session.run({"image": noise()}), usual.run({"image": noise()}), strict=True):
        assert one == pytest.approx(other, abs=0.01)


BOXES = (0.50193, 0.32187)
SCORES = (0.001069, 0.10732)
SOME_BOXES = [
    [0.0, -0.0, 0.07, 0.06],
    [0.33, -0.02, 0.47, 0.16],
    [0.58, 0.01, 1.06, 0.05],
    [0.03, 0.65, 0.26, 1.01],
    [0.73, 0.36, 1.0, 0.95],
]


def test_a_lower_picture_is_seen_as_in_the_middle_of_the_square() -> None:
    """Rows of the finest grid look at the same pixels: in the middle, far from the grey, boxes and scores agree."""
    session = Session(COCO / "coco-ssd.onnx")
    for height, rows, finest in ((172, 1131, 11), (236, 1509, 15)):
        above = (300 - height) // 2
        square = np.full((1, 3, 300, 300), (114 - 127.5) / 127.5, np.float32)
        square[:, :, above : above + height] = noise()[:, :, :height]
        low, sure = session.run({"image": noise()[:, :, :height]})
        boxes, scores = session.run({"image": square})
        assert low.shape == (1, rows, 1, 4)
        cells = slice(3 * 19 * (finest // 2 - 1), 3 * 19 * (finest // 2 + 2))
        there = slice(cells.start + 3 * 19 * above // 16, cells.stop + 3 * 19 * above // 16)
        apart = low[0, cells, 0] * np.array([height, 300, height, 300]) - boxes[0, there, 0] * 300
        apart += np.array([above, 0, above, 0])
        assert np.median(np.abs(apart)) < 1
        assert np.quantile(np.abs(apart), 0.99) < 6
        assert sure[0, cells] == pytest.approx(scores[0, there], abs=0.06)
    with pytest.raises(InvalidModel, match="cannot run it"):
        session.run({"image": noise()[:, :, :200]})


def test_a_batch_gives_what_single_pictures_give() -> None:
    """The batch is free: two at once are the same as one after the other."""
    session = Session(COCO / "coco-ssd.onnx")
    both = session.run({"image": np.concatenate([noise(), -noise()])})
    alone = session.run({"image": -noise()})
    for together, single in zip(both, alone, strict=True):
        assert np.allclose(together[1], single[0], atol=1e-4)


def test_an_empty_picture_has_nothing_in_it(coco: Detector) -> None:
    """Grey, black, white, of any size: no detections, no error."""
    for value in (0, 114, 255):
        for shape in ((300, 300), (1, 1), (1080, 1920), (7, 900)):
            assert len(coco.detect(np.full((*shape, 3), value, np.uint8))) == 0


def test_many_threads_share_one_detector(coco: Detector) -> None:
    """The same picture from four threads at once gives the same answer each time."""
    y, x = np.mgrid[0:240, 0:320]
    image = np.stack([x % 256, y % 256, (x + y) % 256], axis=2).astype(np.uint8)

    def digest(_: int) -> str:
        found = coco.lowered(0.05).detect(image)
        return hashlib.sha256(found.boxes.tobytes() + found.certainty.tobytes()).hexdigest()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(digest, range(8)))) == 1


EMPTY = np.zeros((1, 5, 1, 4), np.float32)
SHAPES: list[tuple[list[NDArray[np.float32]], str]] = [
    ([EMPTY], "a score output is missing"),
    ([EMPTY, np.zeros((1, 5, 80), np.float32)], "80 columns for 90 labels"),
    ([EMPTY, np.zeros((1, 6, 90), np.float32)], "6 rows of scores for 5 boxes"),
]


@pytest.mark.parametrize(("outputs", "reason"), SHAPES, ids=[row[1] for row in SHAPES])
def test_wrong_shapes_are_an_invalid_model(outputs: list[NDArray[np.float32]], reason: str) -> None:
    """A head that does not fit the model says which shapes it got and expected."""
    with pytest.raises(InvalidModel, match="scores") as caught:
        ssd.decode(outputs, load_manifest(COCO))
    assert caught.value.mend, reason


def test_boxes_that_are_none_are_dropped() -> None:
    """NaN, turned inside out, an unused column: nothing of it comes out."""
    manifest = load_manifest(COCO)
    boxes = np.array([[0, 0, 1, 1], [np.nan, 0, 1, 1], [0.9, 0, 0.1, 1], [0.2, 0.1, 0.6, 0.4]], np.float32)
    scores = np.zeros((4, 90), np.float32)
    scores[0, 11] = 0.9  # "-": a column the model never uses
    scores[1:, 0] = 0.8
    found = ssd.decode([boxes.reshape(1, 4, 1, 4), scores[None]], manifest)
    assert found.boxes.tolist() == [pytest.approx([0.1, 0.2, 0.4, 0.6])]
    assert [found.labels[index] for index in found.classes] == ["person"]


def changed(folder: Path, **keys: object) -> Path:
    """A copy of the model whose manifest says something else."""
    made = folder / "coco-ssd"
    shutil.copytree(COCO, made)
    manifest = yaml.safe_load((made / "manifest.yaml").read_text("utf-8"))
    (made / "manifest.yaml").write_text(yaml.safe_dump(manifest | keys), "utf-8")
    return made


def test_a_manifest_that_does_not_fit_its_model(tmp_path: Path) -> None:
    """Unknown head, wrong input name, wrong size: said when the model is loaded, not at the first frame."""
    with pytest.raises(InvalidModel, match=f"unknown head 'yolo99'; known heads: .*{'ssd'}"):
        Detector.load(changed(tmp_path / "a", head="yolo99"))
    with pytest.raises(InvalidModel, match="inputs are"):
        Detector.load(changed(tmp_path / "b", input={"name": "x", "width": 300, "height": 300}))
    with pytest.raises(InvalidModel, match="cannot run it"):
        Detector.load(changed(tmp_path / "c", input={"name": "image", "width": 320, "height": 320}))


def test_trying_a_model_finds_what_its_bytes_do_not_tell(tmp_path: Path) -> None:
    """Whole weights behind a manifest that does not fit: checked ok, tried failed."""
    made = changed(tmp_path, head="yolo99")
    assert check_model(made).state == "ok"
    tried = try_model(made)
    assert tried.state == "failed"
    assert "unknown head" in (tried.reason or "")
    assert try_model(COCO).state == "ok"


def test_classes_that_a_model_cannot_find() -> None:
    """A misspelt class, or the mark of an unused column."""
    assert unknown_classes(load_manifest(COCO), ["person", "persn", "-"]) == ("persn", "-")


def test_every_head_on_the_shelf_decodes() -> None:
    """A file on the shelf is a head."""
    assert "ssd" in HEADS
    assert all(callable(module.decode) for module in HEADS.values())
