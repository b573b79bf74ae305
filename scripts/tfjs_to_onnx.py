"""A TensorFlow.js SSD graph becomes ONNX, with numpy and onnx alone.

Only what an SSDLite-MobileNet needs is translated; anything else is an error that names the operation.
The graph is cut at `Preprocessor/sub` (resizing and scaling happen outside, see the manifest) and before
non-maximum suppression (outside too). Tensors go through the network as NCHW, the batch is free:

    image (N, 3, H, 300)  ->  boxes (N, R, 1, 4): top, left, bottom, right in 0..1, unclipped
                              scores (N, R, 90): column i is COCO category i + 1

H is 300, with R = 1,917 anchors, as the network was trained, or one of LOWER: the same network without the bars that a
wide picture leaves above and below, which are four tenths of the work. The bytes are the same on every machine:
weights are copied, never computed with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
SIZE = 300
LOWER = (172, 236)
"""Heights that leave the rows of the grids where they lie in SIZE: SIZE less multiples of 64, so that every halving
meets even and odd as before. A picture of 16:9 fits into the first, one of 4:3 into the second."""
PER_CELL = (3, 6, 6, 6, 6, 6)
"""Anchors of each cell of the six grids, the finest first."""
BEFORE = 3
"""Halvings before the finest grid."""
CUT = "Preprocessor/sub"
BOXES, SCORES = "Squeeze", "concat_1"

Node = dict[str, object]
Weights = dict[str, NDArray[np.generic]]


def read_weights(folder: Path, manifest: list[dict[str, object]]) -> Weights:
    """Every constant by name, out of the shards beside model.json."""
    weights: Weights = {}
    for group in manifest:
        blob = b"".join((folder / path).read_bytes() for path in cast("list[str]", group["paths"]))
        offset = 0
        for entry in cast("list[dict[str, object]]", group["weights"]):
            name, shape = cast("str", entry["name"]), cast("list[int]", entry["shape"])
            if "quantization" in entry:
                raise ValueError(f"{name}: quantized weights are not translated")
            kind = np.dtype({"float32": "<f4", "int32": "<i4"}[cast("str", entry["dtype"])])
            count = int(np.prod(shape, dtype=np.int64))
            weights[name] = np.frombuffer(blob, kind, count, offset).reshape(shape)
            offset += count * kind.itemsize
        if offset != len(blob):
            raise ValueError(f"the shards hold {len(blob)} bytes, the manifest names {offset}")
    return weights


def text_of(values: object) -> str:
    """A string, which tfjs writes as a list of byte values."""
    return bytes(cast("list[int]", values)).decode()


class Translator:
    """Walks back from an output and writes ONNX nodes in the order they are needed."""

    def __init__(self, nodes: list[Node], weights: Weights) -> None:
        self.nodes = {cast("str", node["name"]): node for node in nodes}
        self.weights = weights
        self.written: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.done: set[str] = set()

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """The name of an initializer with this value."""
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def put(self, op: str, inputs: list[str], name: str, **attributes: float | str | Sequence[int]) -> str:
        """One node whose only output has its name."""
        self.written.append(helper.make_node(op, inputs, [name], name, None, None, None, **attributes))
        return name

    def attribute(self, node: Node, key: str) -> dict[str, object]:
        """One attribute of a tfjs node, as it stands in model.json."""
        return cast("dict[str, dict[str, object]]", node["attr"])[key]

    def tensor(self, name: str) -> str:
        """The ONNX name of a tfjs tensor; a constant per channel is shaped to stand against NCHW."""
        if name == CUT:
            return "image"
        if name in self.weights:
            value = self.weights[name]
            return self.constant(name, value.reshape(1, -1, 1, 1) if value.ndim == 1 else value)
        if name not in self.done:
            node = self.nodes[name]
            write = WRITERS.get(cast("str", node["op"]))
            if write is None:
                raise ValueError(f"{name}: the operation {node['op']} is not translated")
            write(self, node, cast("list[str]", node["input"]))
            self.done.add(name)
        return name


def write_conv(to: Translator, node: Node, inputs: list[str]) -> None:
    """Conv2D and DepthwiseConv2dNative: weights HWIO or HWIM become OIHW."""
    name = cast("str", node["name"])
    depthwise = node["op"] == "DepthwiseConv2dNative"
    weights = to.weights[inputs[1]]
    strides = [int(each) for each in cast("dict[str, list[str]]", to.attribute(node, "strides")["list"])["i"]]
    dilations = [
        int(each) for each in cast("dict[str, list[str]]", to.attribute(node, "dilations")["list"])["i"]
    ]
    padding = text_of(to.attribute(node, "padding")["s"])
    if (
        padding != "SAME"
        or set(dilations) != {1}
        or text_of(to.attribute(node, "data_format")["s"]) != "NHWC"
    ):
        raise ValueError(f"{name}: padding {padding} or dilations {dilations} are not translated")
    height, width, channels, multiplier = weights.shape
    if depthwise:
        shaped = weights.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    else:
        shaped = weights.transpose(3, 2, 0, 1)
    to.put(
        "Conv",
        [to.tensor(inputs[0]), to.constant(inputs[1], shaped)],
        name,
        auto_pad="SAME_UPPER",
        strides=strides[1:3],
        kernel_shape=[height, width],
        group=channels if depthwise else 1,
    )


def write_norm(to: Translator, node: Node, inputs: list[str]) -> None:
    """FusedBatchNorm at inference."""
    vectors = [to.constant(f"{each}/flat", to.weights[each]) for each in inputs[1:5]]
    epsilon = float(cast("float", to.attribute(node, "epsilon")["f"]))
    to.put("BatchNormalization", [to.tensor(inputs[0]), *vectors], cast("str", node["name"]), epsilon=epsilon)


def write_relu6(to: Translator, node: Node, inputs: list[str]) -> None:
    """Relu6 is Clip to 0..6."""
    limits = [to.constant("zero", np.array(0, np.float32)), to.constant("six", np.array(6, np.float32))]
    to.put("Clip", [to.tensor(inputs[0]), *limits], cast("str", node["name"]))


def write_pair(op: str) -> Callable[[Translator, Node, list[str]], None]:
    """Add, AddN of two, BiasAdd and Mul."""

    def write(to: Translator, node: Node, inputs: list[str]) -> None:
        first, second = inputs
        to.put(op, [to.tensor(first), to.tensor(second)], cast("str", node["name"]))

    return write


def write_reshape(to: Translator, node: Node, inputs: list[str]) -> None:
    """A predictor's grid becomes rows: the last axis of the target shape is a constant, the batch is kept."""
    name = cast("str", node["name"])
    shape = cast("list[str]", to.nodes[inputs[1]]["input"])
    tail = [int(to.weights[each].item()) for each in shape[2:]]
    flat = to.put("Transpose", [to.tensor(inputs[0])], f"{name}/nhwc", perm=[0, 2, 3, 1])
    to.put("Reshape", [flat, to.constant(f"{name}/shape", np.array([0, -1, *tail], np.int64))], name)


def write_concat(to: Translator, node: Node, inputs: list[str]) -> None:
    """The rows of all grids, one after the other."""
    to.put("Concat", [to.tensor(each) for each in inputs[:-1]], cast("str", node["name"]), axis=1)


def write_squeeze(to: Translator, node: Node, inputs: list[str]) -> None:
    """The axis of one that the box predictors carry."""
    to.put(
        "Squeeze", [to.tensor(inputs[0]), to.constant("axis-2", np.array([2], np.int64))], str(node["name"])
    )


WRITERS: dict[str, Callable[[Translator, Node, list[str]], None]] = {
    "Conv2D": write_conv,
    "DepthwiseConv2dNative": write_conv,
    "FusedBatchNorm": write_norm,
    "Relu6": write_relu6,
    "Add": write_pair("Add"),
    "AddN": write_pair("Add"),
    "BiasAdd": write_pair("Add"),
    "Mul": write_pair("Mul"),
    "Reshape": write_reshape,
    "ConcatV2": write_concat,
    "Squeeze": write_squeeze,
}


def grids(height: int) -> list[tuple[int, int, int]]:
    """Of each grid of a picture so high: its rows, the pixel that the first looks at, and the pixels from row to row.

    A convolution by twos with SAME padding looks at the second of two pixels where their number is even, at the first
    where it is odd.
    """
    found, rows, first, step = [], height, 0, 1
    for _ in range(BEFORE + len(PER_CELL)):
        first += 0 if rows % 2 else step
        rows, step = (rows + 1) // 2, step * 2
        found.append((rows, first, step))
    return found[BEFORE:]


def lowered(anchors: NDArray[np.float64], height: int) -> NDArray[np.float64]:
    """Anchors (1917, 4) of a square as centre (y, x) and size (height, width) in 0..1: those of a lower picture (R, 4).

    A row has the anchors of the row that looks at the same pixels when the picture stands in the middle of the square.
    """
    above, left, kept = (SIZE - height) / 2, anchors, []
    for (rows, first, step), (fewer, begins, _), each in zip(
        grids(SIZE), grids(height), PER_CELL, strict=True
    ):
        grid, left = left[: rows * rows * each].reshape(rows, rows, each, 4), left[rows * rows * each :]
        at = (begins + above + step * np.arange(fewer) - first) / step
        centre = (at + 0.5) * SIZE / rows - above if fewer > 1 else np.array([height / 2])
        there = np.repeat(grid[:1], fewer, axis=0)
        there[..., 0] = centre[:, None, None] / height
        there[..., 2] *= SIZE / height
        kept.append(there.reshape(-1, 4))
    return np.concatenate(kept)


def write_anchors(to: Translator) -> tuple[str, str]:
    """Centre and size (1, R, 2) of the anchors that belong to the height of the picture."""
    top, left, bottom, right = np.split(
        to.weights["Postprocessor/ExpandDims"][0].astype(np.float64), 4, axis=1
    )
    size = np.concatenate([bottom - top, right - left], axis=1)
    square = np.concatenate([np.concatenate([top, left], axis=1) + size / 2, size], axis=1)
    sets = [*(lowered(square, height) for height in LOWER), square]
    ends = np.cumsum([len(each) for each in sets])
    known = to.constant("heights", np.array([*LOWER, SIZE], np.int64))
    height = to.put(
        "Gather",
        [to.put("Shape", ["image"], "shape"), to.constant("at-2", np.array([2], np.int64))],
        "height",
    )
    same = to.put("Cast", [to.put("Equal", [known, height], "same")], "same/number", to=TensorProto.FLOAT)
    which = to.put("ArgMax", [same], "which", axis=0)
    bounds = [
        to.put("Gather", [to.constant(f"anchor-{name}s", value.astype(np.int64)), which], f"anchor-{name}")
        for name, value in (("begin", ends - [len(each) for each in sets]), ("end", ends))
    ]
    every = to.constant("anchors", np.concatenate(sets).astype(np.float32)[None])
    chosen = to.put("Slice", [every, *bounds, to.constant("at-1", np.array([1], np.int64))], "anchor")
    to.written.append(
        helper.make_node("Split", [chosen], ["anchor-centre", "anchor-size"], name="anchor-parts", axis=2)
    )
    return "anchor-centre", "anchor-size"


def write_boxes(to: Translator, codes: str) -> str:
    """Offsets against the anchors become top, left, bottom, right."""
    centre, size = write_anchors(to)
    by = to.weights["ConstantFolding/Postprocessor/Decode/div_recip"].reshape(1, 1, 1)
    by_size = to.weights["ConstantFolding/Postprocessor/Decode/div_2_recip"].reshape(1, 1, 1)
    to.written.append(helper.make_node("Split", [codes], ["code/yx", "code/hw"], name="code", axis=2))
    moved = to.put("Mul", ["code/yx", to.constant("by-centre", by)], "moved")
    moved = to.put("Mul", [moved, size], "moved/scaled")
    middle = to.put("Add", [moved, centre], "middle")
    grown = to.put(
        "Exp", [to.put("Mul", ["code/hw", to.constant("by-size", by_size)], "grown/code")], "grown"
    )
    half = to.put("Mul", [size, to.constant("half", np.array(0.5, np.float32))], "anchor-half")
    reach = to.put("Mul", [grown, half], "reach")
    first = to.put("Sub", [middle, reach], "first")
    last = to.put("Add", [middle, reach], "last")
    joined = to.put("Concat", [first, last], "corners", axis=2)
    return to.put("Unsqueeze", [joined, to.constant("axis-2", np.array([2], np.int64))], "boxes")


def convert(folder: Path) -> bytes:
    """The ONNX file of the tfjs model in `folder` (model.json and its shards)."""
    document = cast("dict[str, object]", json.loads((folder / "model.json").read_text()))
    topology = cast("dict[str, list[Node]]", document["modelTopology"])
    weights = read_weights(folder, cast("list[dict[str, object]]", document["weightsManifest"]))
    to = Translator(topology["node"], weights)
    boxes = write_boxes(to, to.tensor(BOXES))
    sure = to.put("Sigmoid", [to.tensor(SCORES)], "sure")
    bounds = [to.constant(f"slice-{n}", np.array([n], np.int64)) for n in (1, 91, 2)]
    scores = to.put("Slice", [sure, *bounds], "scores")  # column 0 is the background
    graph = helper.make_graph(
        to.written,
        "coco-ssd",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "height", SIZE])],
        [
            helper.make_tensor_value_info(boxes, TensorProto.FLOAT, ["n", "rows", 1, 4]),
            helper.make_tensor_value_info(scores, TensorProto.FLOAT, ["n", "rows", 90]),
        ],
        initializer=list(to.constants.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="xianshao", ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
