"""Hostile files are opened by a process of their own: what they do is said, and nothing else is disturbed."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from detectors import inspection
from detectors.inspection import MADE_HERE, inspect
from detectors.model import check_model, verify
from ingest.errors import InvalidModel

ROOT = Path(__file__).resolve().parents[2]
PICTURE = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 16])


def model(
    nodes: Sequence[onnx.NodeProto],
    *weights: onnx.TensorProto,
    output: Sequence[int | str] = (1, 3, 16, 16),
    picture: onnx.ValueInfoProto = PICTURE,
    domains: Sequence[str] = ("",),
    **texts: str,
) -> onnx.ModelProto:
    """A model of these nodes from `image` to `out`; `texts` are its metadata."""
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [picture],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, list(output))],
            list(weights),
        ),
        opset_imports=[helper.make_opsetid(each, 17 if not each else 1) for each in domains],
        ir_version=8,
    )
    helper.set_model_props(made, texts)
    return made


def constant(name: str, *values: int) -> onnx.TensorProto:
    """Whole numbers as a weight."""
    return numpy_helper.from_array(np.array(values, np.int64), name)


PLAIN = model([helper.make_node("Relu", ["image"], ["out"])])


def huge_weight() -> onnx.ModelProto:
    """A weight that says it has 2³¹ values, and has none."""
    tensor = TensorProto(name="huge", data_type=TensorProto.FLOAT, dims=[2, 1024, 1024, 1024])
    return model([helper.make_node("Add", ["image", "huge"], ["out"])], tensor)


def outside() -> onnx.ModelProto:
    """A weight in another file."""
    tensor = numpy_helper.from_array(np.ones(3, np.float32), "far")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"
    return model([helper.make_node("Add", ["image", "far"], ["out"])], tensor)


def outside_in_a_branch() -> onnx.ModelProto:
    """The same inside a branch, where one may forget to look."""
    inner = outside().graph
    del inner.input[:]
    yes = numpy_helper.from_array(np.array(True), "yes")
    branch = helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner)
    return model([branch], yes)


def memory_bomb() -> onnx.ModelProto:
    """Small on disk; asks for 40 GB when it runs."""
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("ReduceMax", ["big"], ["most"], keepdims=0),
        helper.make_node("Add", ["image", "most"], ["out"]),
    ]
    return model(nodes, constant("shape", 100_000, 100_000))


HOSTILE: list[tuple[str, onnx.ModelProto, str]] = [
    ("weights in another file", outside(), "'far' lies outside the file"),
    ("weights in another file, in a branch", outside_in_a_branch(), "'far' lies outside the file"),
    ("a weight of 2³¹ values", huge_weight(), "has the shape 2 × 1024 × 1024 × 1024, more than"),
    ("an input of 2³¹ values",
     model([helper.make_node("Relu", ["image"], ["out"])],
           picture=helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32768, 32768])),
     "'image' has the shape 1 × 3 × 32768 × 32768"),
    ("an operator that nothing has", model([helper.make_node("Teleport", ["image"], ["out"])]),
     "the operator 'Teleport' is unknown"),
    ("an operator of its own library",
     model([helper.make_node("Run", ["image"], ["out"], domain="evil.corp")], domains=("", "evil.corp")),
     "the operator 'Run' of evil.corp is unknown"),
    ("a graph that does not fit together", model([helper.make_node("Add", ["image", "nowhere"], ["out"])]),
     "the runtime cannot load it"),
    ("forty gigabytes when it runs", memory_bomb(), "cannot|memory"),
]  # fmt: skip


def folder(tmp_path: Path, made: onnx.ModelProto, labels: str = "person\n", **changes: object) -> Path:
    """The folder of a model with a manifest in which nothing is wrong."""
    content = bytes(made.SerializeToString())
    path = tmp_path / "innocent"
    path.mkdir()
    (path / "weights.onnx").write_bytes(content)
    (path / "labels.txt").write_text(labels, "utf-8")
    manifest: dict[str, object] = {
        "id": "innocent", "head": "yolov8", "file": "weights.onnx", "sha256": hashlib.sha256(content).hexdigest(),
        "input": {"width": 16, "height": 16}, "licence": "none", "source": "a test",
    }  # fmt: skip
    (path / "manifest.yaml").write_text(yaml.safe_dump(manifest | changes), "utf-8")
    return path


@pytest.mark.parametrize(("reason", "made", "said"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_files(tmp_path: Path, reason: str, made: onnx.ModelProto, said: str) -> None:
    """Each is named with its file and a mend; this process and its limits are as before."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    path = folder(tmp_path, made)
    with pytest.raises(InvalidModel, match=said) as caught:
        verify(path)
    assert caught.value.where == str(path / "weights.onnx"), reason
    assert caught.value.mend
    assert check_model(path).state == "failed"
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    """Inputs, outputs as they really come out, and every text."""
    made = model(
        [helper.make_node("Relu", ["image"], ["out"])], output=("n", "c", "h", "w"), author="somebody"
    )
    path = tmp_path / "weights.onnx"
    path.write_bytes(made.SerializeToString())
    found = inspect(path, "a digest", again="fetch it")
    assert found.inputs == (("image", (1, 3, 16, 16)),)
    assert found.outputs == (("out", (1, 3, 16, 16)),)
    assert {"g", "image", "out", "somebody"} <= set(found.texts)


def flattened(length: int) -> onnx.ModelProto:
    """The picture's mean, as a vector of so many numbers: what a network that tells faces apart gives."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Expand", ["mean", "shape"], ["out"]),
    ]
    return model(nodes, constant("shape", 1, length), output=("a", "b"))


RENAMED: list[tuple[str, onnx.ModelProto, str, str]] = [
    ("a vector of a face", flattened(512), "person\n", "one vector per picture"),
    ("the labels in its metadata", model(list(PLAIN.graph.node), names="{0: 'license_plate'}"), "thing\n",
     "license_plate"),
    ("its own description", model(list(PLAIN.graph.node), description="ArcFace R50, glint360k"), "thing\n", "ArcFace"),
    ("the name of a part",
     model([helper.make_node("Relu", ["image"], ["out"], name="/FaceHead.0/relu")]), "thing\n", "FaceHead"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "made", "labels", "said"), RENAMED, ids=[row[0] for row in RENAMED])
def test_renamed_models_of_identities(
    tmp_path: Path, reason: str, made: onnx.ModelProto, labels: str, said: str
) -> None:
    """Innocent folder, file, manifest and labels: what is inside still tells."""
    with pytest.raises(InvalidModel, match="never loaded") as caught:
        verify(folder(tmp_path, made, labels))
    assert said in caught.value.message, reason


def test_an_answer_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes are inspected once, wherever they lie; a refusal names the file that was asked for."""
    asked: list[Path] = []
    ask = inspection._ask

    def counted(path: Path, seconds: float) -> object:
        asked.append(path)
        return ask(path, seconds)

    monkeypatch.setattr(inspection, "_ask", counted)
    content = bytes(
        model([helper.make_node("Teleport", ["image"], ["out"])], note="once").SerializeToString()
    )
    digest = hashlib.sha256(content).hexdigest()
    for name in ("one.onnx", "two.onnx"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidModel, match="Teleport") as caught:
            inspect(tmp_path / name, digest, again="fetch it")
        assert caught.value.where == str(tmp_path / name)
    assert asked == [tmp_path / "one.onnx"]


@pytest.mark.slow
def test_a_file_that_never_ends(tmp_path: Path) -> None:
    """A loop of 2⁶² turns is given up after the time it has, and its process is gone."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Relu", ["carried"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried", TensorProto.FLOAT, [1, 3, 16, 16]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [1, 3, 16, 16]),
        ],
    )
    turns = numpy_helper.from_array(np.array(2**62, np.int64), "turns")
    go = numpy_helper.from_array(np.array(True), "begin")
    path = tmp_path / "weights.onnx"
    loop = helper.make_node("Loop", ["turns", "begin", "image"], ["out"], body=body)
    path.write_bytes(model([loop], turns, go).SerializeToString())
    with pytest.raises(InvalidModel, match="within 6 s"):
        inspect(path, "another digest", again="fetch it", seconds=6)


def test_what_is_trusted_is_what_is_shipped() -> None:
    """A digest that is not inspected stands in a manifest of this repository, and no other does."""
    shipped = [yaml.safe_load(path.read_text("utf-8")) for path in ROOT.glob("models/*/manifest.yaml")]
    assert {each["sha256"] for each in shipped} >= MADE_HERE
