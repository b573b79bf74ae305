"""Decoding: what tests of heads share: a manifest, what was found in pixels, a network that gives what it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import yaml
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from detectors.model import Input, Manifest

Outputs = list[NDArray[np.float32]]
Found = list[tuple[str, float, list[float]]]
"""Label, certainty, and box in pixels of the input."""


def manifest(*classes: str, width: int = 64, height: int = 64, **changes: object) -> Manifest:
    """A model of 64 × 64 pixels with these labels."""
    body: dict[str, object] = {
        "id": "made", "head": "any", "file": "made.onnx", "sha256": "0" * 64, "licence": "none", "source": "a test",
        "input": Input(width=width, height=height), "min_certainty": 0.25, "max_overlap": 0.5,
    }  # fmt: skip
    return Manifest.model_validate({**body, "classes": classes or ("person", "-", "car"), **changes})


def found(head: ModuleType, outputs: Outputs, made: Manifest) -> Found:
    """Label, certainty and box in pixels of the input, surest first."""
    said = head.decode(outputs, made)
    size = [made.input.width, made.input.height] * 2
    return [
        (
            said.labels[kind],
            round(float(sure), 4),
            [round(float(edge) * of, 3) for edge, of in zip(box, size, strict=True)],
        )
        for box, sure, kind in zip(said.boxes, said.certainty, said.classes, strict=True)
    ]


def empty(*shape: int) -> NDArray[np.float32]:
    """An output of this shape."""
    return np.zeros(shape, np.float32)


def network(outputs: Outputs, *, width: int = 64, height: int | str = 64) -> bytes:
    """An ONNX model that gives these outputs, whatever the picture; a word for its height leaves it open."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["none"]),
    ]
    weights = [numpy_helper.from_array(np.array(0.0, np.float32), "nothing")]
    told = []
    for number, each in enumerate(outputs):
        weights.append(numpy_helper.from_array(each, f"table{number}"))
        nodes.append(helper.make_node("Add", [f"table{number}", "none"], [f"out{number}"]))
        told.append(helper.make_tensor_value_info(f"out{number}", TensorProto.FLOAT, each.shape))
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, height, width])
    made = helper.make_model(
        helper.make_graph(nodes, "g", [picture], told, weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def folder(
    tmp_path: Path,
    head: str,
    outputs: Outputs,
    *,
    labels: str = "person\ncar\n",
    width: int = 64,
    height: int = 64,
    lower: Sequence[int] = (),
) -> Path:
    """The folder of such a model; `lower` heights make one that takes pictures of any."""
    content = network(outputs, width=width, height="height" if lower else height)
    path = tmp_path / "made"
    path.mkdir()
    (path / "made.onnx").write_bytes(content)
    (path / "labels.txt").write_text(labels, "utf-8")
    keys = {
        "id": "made", "head": head, "file": "made.onnx", "sha256": hashlib.sha256(content).hexdigest(),
        "input": {"width": width, "height": height, "lower": list(lower)}, "licence": "none", "source": "a test",
    }  # fmt: skip
    (path / "manifest.yaml").write_text(yaml.safe_dump(keys), "utf-8")
    return path
