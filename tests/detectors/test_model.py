"""A model's folder is looked at closely: whatever is wrong with it is said, with the file and the mend."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from detectors.model import check_model, list_models, load_manifest, model_folders, verify
from detectors.weights import MAX_BYTES
from ingest.errors import InvalidModel

ROOT = Path(__file__).resolve().parents[2]
Folder = Callable[..., Path]


def tiny_model(graph: str = "g", *, external: bool = False) -> bytes:
    """An ONNX model that adds one to its input; `external` says that the one lies in another file."""
    one = numpy_helper.from_array(np.ones((1, 3, 16, 16), np.float32), "one")
    if external:
        one.ClearField("raw_data")
        one.data_location = TensorProto.EXTERNAL
        for key, value in (("location", "../../../../etc/passwd"), ("length", str(10**15))):
            entry = one.external_data.add()
            entry.key, entry.value = key, value
    made = helper.make_model(
        helper.make_graph(
            [helper.make_node("Add", ["image", "one"], ["boxes"])],
            graph,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 16])],
            [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 3, 16, 16])],
            [one],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    return bytes(made.SerializeToString())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Makes a model's folder; what is given stands in its manifest."""

    def make(weights: bytes | None = None, *, lines: str = "person\ncar\n", **changes: object) -> Path:
        made = tmp_path / str(changes.get("id", "tiny"))
        made.mkdir(exist_ok=True)
        content = tiny_model() if weights is None else weights
        manifest: dict[str, object] = {
            "id": "tiny",
            "head": "ssd",
            "file": "tiny.onnx",
            "sha256": hashlib.sha256(content).hexdigest(),
            "input": {"width": 16, "height": 16},
            "licence": "Apache-2.0",
            "source": "made by a test",
        }
        manifest.update(changes)
        (made / "manifest.yaml").write_text(
            yaml.safe_dump({k: v for k, v in manifest.items() if v is not None})
        )
        (made / "labels.txt").write_text(lines, "utf-8")
        (made / "tiny.onnx").write_bytes(content)
        return made

    return make


def test_the_shipped_model_is_whole() -> None:
    """models/coco-ssd as `make setup` left it: verified, 90 lines of labels, of which 80 name a class."""
    manifest = verify(ROOT / "models" / "coco-ssd")
    assert len(manifest.classes) == 90
    assert sum(label != "-" for label in manifest.classes) == 80
    assert (manifest.classes[0], manifest.classes[2]) == ("person", "car")


def test_a_whole_folder_is_accepted(folder: Folder) -> None:
    """Nothing wrong: the manifest comes back with its classes, and the state is ok."""
    made = folder()
    assert verify(made).classes == ("person", "car")
    assert check_model(made).state == "ok"


WHOLE = tiny_model()

DAMAGED: list[tuple[str, bytes, str]] = [
    ("nothing was written", b"", "empty"),
    ("a login page came instead", b"\n<!DOCTYPE html><html>please log in</html>", "web page"),
    ("an error page came instead", b"<?xml version='1.0'?><Error/>", "web page"),
    ("a pointer of a large file store", b"version https://git-lfs.github.com/spec/v1\n", "pointer"),
    ("the download was cut in half", WHOLE[: len(WHOLE) // 2], "cut short"),
    ("as long as it should be, other bytes", b"\x00" * len(WHOLE), "not an ONNX model|no graph"),
    ("noise", bytes(range(256)) * 40, "not an ONNX model|no graph"),
    ("a model, but another one", tiny_model("another") + b"", "sha256"),
]


@pytest.mark.parametrize(("reason", "found", "said"), DAMAGED, ids=[row[0] for row in DAMAGED])
def test_damaged_weights_are_named(folder: Folder, reason: str, found: bytes, said: str) -> None:
    """Each sort of damage has its own words, the file's name and a mend; `models list` says the same."""
    made = folder(WHOLE, bytes=len(WHOLE))
    (made / "tiny.onnx").write_bytes(found)
    with pytest.raises(InvalidModel, match=said) as caught:
        verify(made)
    assert caught.value.where == str(made / "tiny.onnx"), reason
    assert caught.value.mend
    health = check_model(made)
    assert health.state == "failed"
    assert health.reason == str(caught.value)
    assert health.manifest is not None  # its names can still be shown


def test_the_shipped_model_cut_in_half(tmp_path: Path) -> None:
    """Half of the real weights: cut short, with both lengths and how to get the whole."""
    made = tmp_path / "coco-ssd"
    shutil.copytree(ROOT / "models" / "coco-ssd", made)
    weights = made / "coco-ssd.onnx"
    weights.write_bytes(weights.read_bytes()[: 18187906 // 2])
    with pytest.raises(InvalidModel, match=r"cut short: 9093953 of 18187906 bytes; .*make setup"):
        verify(made)


def test_missing_weights(folder: Folder) -> None:
    """Weights that were never fetched: missing, and the command that fetches them."""
    made = folder()
    (made / "tiny.onnx").unlink()
    with pytest.raises(InvalidModel, match=r"missing; run `make setup`"):
        verify(made)


def test_weights_outside_the_file_are_refused(folder: Folder) -> None:
    """A tensor that lies in another file (and claims a petabyte) is refused before anything opens it."""
    with pytest.raises(InvalidModel, match="lies outside the file"):
        verify(folder(tiny_model(external=True)))


def test_huge_weights_are_not_read(folder: Folder) -> None:
    """A sparse file of several gigabytes is refused by its length alone."""
    made = folder()
    with (made / "tiny.onnx").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InvalidModel, match="more than"):
        verify(made)


def test_a_changed_file_is_looked_at_again(folder: Folder) -> None:
    """That a file was whole once does not count after it was written again."""
    made = folder()
    verify(made)
    (made / "tiny.onnx").write_bytes(tiny_model("another"))
    with pytest.raises(InvalidModel, match="sha256"):
        verify(made)


MANIFESTS: list[tuple[str, dict[str, object], str]] = [
    ("an unknown key", {"wheels": 4}, "wheels"),
    ("a missing key", {"licence": None}, "licence"),
    ("a digest that is none", {"sha256": "abc"}, "sha256"),
    ("a file outside the folder", {"file": "../../etc/passwd"}, "file"),
    ("labels outside the folder", {"labels": "/etc/passwd"}, "labels"),
    ("classes belong into labels.txt", {"classes": ["person"]}, "classes"),
    ("another model's id", {"id": "tiny", "head": 4}, "head"),
    ("a size of zero", {"input": {"width": 0, "height": 16}}, "input.width"),
    ("lower, but no lower", {"input": {"width": 64, "height": 64, "lower": [64]}}, "below `height`"),
    (
        "nothing to leave out",
        {"input": {"width": 64, "height": 64, "fit": "stretch", "lower": [32]}},
        "letterbox",
    ),
]


@pytest.mark.parametrize(("reason", "changes", "said"), MANIFESTS, ids=[row[0] for row in MANIFESTS])
def test_mistakes_in_a_manifest_are_named(
    folder: Folder, reason: str, changes: dict[str, object], said: str
) -> None:
    """The manifest's mistakes name the key."""
    made = folder(**changes)
    with pytest.raises(InvalidModel, match=said) as caught:
        load_manifest(made)
    assert caught.value.where == str(made / "manifest.yaml"), reason


def test_an_id_that_is_not_the_folders_name(folder: Folder, tmp_path: Path) -> None:
    """The word after `model:` finds the folder, so the two must agree."""
    made = folder()
    made.rename(tmp_path / "other")
    with pytest.raises(InvalidModel, match=r"differs from the folder's name 'other'"):
        load_manifest(tmp_path / "other")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id: [", "not YAML"),
        (b"\xff\xfe\x00", "not YAML"),
        (b"- a\n- b\n", "not a table"),
        (b"", "not a table"),
        (b"x: " + b"y" * 200_000, "too long"),
    ],
)
def test_a_manifest_that_is_none(folder: Folder, content: bytes, said: str) -> None:
    """Not YAML, a list, nothing, or a book: each an InvalidModel."""
    made = folder()
    (made / "manifest.yaml").write_bytes(content)
    with pytest.raises(InvalidModel, match=said):
        load_manifest(made)


def test_an_unknown_model(tmp_path: Path) -> None:
    """A name without a folder."""
    with pytest.raises(InvalidModel, match="there is no model 'nobody'"):
        load_manifest(tmp_path / "nobody")


FORBIDDEN: list[tuple[str, dict[str, object], str]] = [
    ("a face recogniser by its id", {"id": "arcface"}, "person\n"),
    ("plates by the source", {"source": "LPRNet licence plates"}, "car\n"),
    ("faces by a label", {}, "person\nface\n"),
    ("faces by a Chinese label", {}, "人脸\n"),
    ("plates by a label", {}, "license_plate\n"),
    ("gait by a name", {"source": "GaitSet"}, "person\n"),
    ("a recogniser that says it only blurs", {"id": "facenet", "use": "blur"}, "face\n"),
]


@pytest.mark.parametrize(("reason", "changes", "labels"), FORBIDDEN, ids=[row[0] for row in FORBIDDEN])
def test_models_of_identities_are_refused(
    folder: Folder, reason: str, changes: dict[str, object], labels: str
) -> None:
    """Face, plate and gait models are refused by name and by label, before their weights are read."""
    with pytest.raises(InvalidModel, match="never loaded") as caught:
        verify(folder(lines=labels, **changes))
    assert caught.value.mend, reason


def test_a_face_graph_behind_an_innocent_name(folder: Folder) -> None:
    """The graph's own name counts too."""
    with pytest.raises(InvalidModel, match="never loaded"):
        verify(folder(tiny_model("arcface_r50")))


def test_a_face_detector_may_blur(folder: Folder) -> None:
    """What only hides faces may find them."""
    assert verify(folder(lines="face\n", use="blur", source="centerface")).use == "blur"


def test_the_list_shows_every_folder(folder: Folder, tmp_path: Path) -> None:
    """One broken model does not hide the others."""
    folder()
    broken = folder(id="broken")
    (broken / "tiny.onnx").unlink()
    (tmp_path / "notes").mkdir()
    assert [(each.id, each.state) for each in list_models(tmp_path)] == [("broken", "failed"), ("tiny", "ok")]
    assert model_folders(tmp_path / "nowhere") == ()


def test_the_tiny_model_of_these_tests_is_valid() -> None:
    """Otherwise the table of damages would prove nothing."""
    onnx.checker.check_model(onnx.load_from_string(WHOLE))
