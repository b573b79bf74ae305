"""Backbone: the first part of the shipped detector, cut out of its ONNX file, with what taught conditions look at.

    crops (N, 160, 160, 3) float32, BGR, 0..255
      looks    colours on a grid, a small grey picture without its brightness, strength of edges on a grid
      texture  a middle layer of the network (stride 8)
      parts    the layer its first boxes come from (stride 16)
      whole    its last common layer (stride 32)
      things   what it takes each place for: the highest score of each class among all places

Maps are pooled by mean and maximum, over the whole crop and over its quarters, so that it matters, but not too exactly,
where something is. Weights are copied from the detector, never trained. Nothing here runs a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from detectors.teach.network import CROPS, SIZE
from ingest.errors import InvalidModel

BASE = "coco-ssd"
"""The model whose layers these are."""
OPSET, IR_VERSION = 17, 8

_NET = "FeatureExtractor/MobilenetV2"
_TEXTURE = f"{_NET}/expanded_conv_6/expand/Relu6"
_PARTS = f"{_NET}/expanded_conv_13/expand/Relu6"
_WHOLE = f"{_NET}/Conv_1/Relu6"
_THINGS = tuple(f"BoxPredictor_{n}/ClassPredictor/BiasAdd" for n in range(3))
_IMAGE = "image"
"""What the detector calls its input: RGB, (pixel − 127.5) / 127.5."""

BLOCKS: Mapping[str, int] = {"looks": 272, "texture": 1536, "parts": 5760, "whole": 7680, "things": 1365}
"""How many numbers each has."""


class Graph:
    """Nodes and constants in the order in which they are written."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def put(
        self, op: str, inputs: Sequence[str], name: str, **attributes: float | str | Sequence[int]
    ) -> str:
        """One node whose only output has its name."""
        self.nodes.append(helper.make_node(op, list(inputs), [name], name, None, None, None, **attributes))
        return name

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """The name of a constant with this value."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def serialised(self, name: str, outputs: Mapping[str, int]) -> bytes:
        """The file: from crops to these outputs, each (N, so many); checked."""
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(CROPS, TensorProto.FLOAT, ["n", SIZE, SIZE, 3])],
            [
                helper.make_tensor_value_info(each, TensorProto.FLOAT, ["n", many])
                for each, many in outputs.items()
            ],
            initializer=self.constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="xianshao",
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def feature_model(base: bytes) -> bytes:
    """The file that gives the blocks of crops, one output for each, made of the detector's file."""
    return feature_graph(base).serialised("taught-features", BLOCKS)


def feature_graph(base: bytes) -> Graph:
    """Everything up to the blocks; InvalidModel when the detector has not the layers that are needed."""
    graph = Graph()
    rgb = _rgb(graph)
    _looks(graph, rgb)
    middle = graph.put("Sub", [rgb, graph.constant("taught/half", np.array(127.5, np.float32))], "taught/mid")
    scale = graph.constant("taught/scale", np.array(1 / 127.5, np.float32))
    graph.put("Mul", [middle, scale], _IMAGE)
    _copy(graph, onnx.load_model_from_string(base), (_TEXTURE, _PARTS, _WHOLE, *_THINGS))
    mean, most = "AveragePool", "MaxPool"
    _pooled(graph, "texture", _TEXTURE, SIZE // 8, [(mean, 2), (most, 2)])
    _pooled(graph, "parts", _PARTS, SIZE // 16, [(mean, 1), (most, 1), (mean, 2), (most, 2)])
    _pooled(graph, "whole", _WHOLE, SIZE // 32, [(mean, 1), (most, 1), (mean, 2)])
    highest = [
        graph.put("Flatten", [graph.put("GlobalMaxPool", [each], f"taught/highest-{n}")], f"taught/flat-{n}")
        for n, each in enumerate(_THINGS)
    ]
    graph.put("Concat", highest, "things", axis=1)
    return graph


def _rgb(graph: Graph) -> str:
    """(N, 3, SIZE, SIZE), RGB, 0..255."""
    planes = graph.put("Transpose", [CROPS], "taught/planes", perm=[0, 3, 1, 2])
    order = graph.constant("taught/order", np.array([2, 1, 0], np.int64))
    return graph.put("Gather", [planes, order], "taught/rgb", axis=1)


def _looks(graph: Graph, rgb: str) -> None:
    """What needs no network: colours, points of a grey picture, strengths of edges, spots; of half the size."""
    half = SIZE // 2
    rgb = graph.put("AveragePool", [rgb], "taught/small", kernel_shape=[2, 2], strides=[2, 2])
    small = _grid(graph, rgb, "taught/colours", half // 4)
    to_grey = np.array([0.299, 0.587, 0.114], np.float32).reshape(1, 3, 1, 1)
    grey = graph.put("Conv", [rgb, graph.constant("taught/to-grey", to_grey)], "taught/grey")
    points = _grid(graph, grey, "taught/points", half // 8)
    without = graph.put(
        "Sub", [points, graph.put("ReduceMean", [points], "taught/mean", axes=[1], keepdims=1)], "taught/dev"
    )
    square = graph.put("Mul", [without, without], "taught/square")
    spread = graph.put(
        "Sqrt", [graph.put("ReduceMean", [square], "taught/var", axes=[1], keepdims=1)], "taught/sd"
    )
    floor = graph.constant("taught/floor", np.array(4.0, np.float32))  # a flat picture has no pattern
    even = graph.put("Div", [without, graph.put("Add", [spread, floor], "taught/sd-floor")], "taught/even")
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32) / 8
    kernels = np.stack([across, across.T])[:, None]
    edges = graph.put(
        "Conv",
        [grey, graph.constant("taught/sobel", kernels)],
        "taught/edges",
        auto_pad="VALID",
    )
    # Edges at the border are not reckoned: their map is two pixels smaller, and the grid leaves a rest out.
    strength = _grid(graph, graph.put("Abs", [edges], "taught/abs"), "taught/strength", (half - 2) // 4)
    # A lamp or a flame is small: how far the brightest and the darkest point of each square is from its mean.
    dark = graph.put("Neg", [grey], "taught/negative")
    bright, deep = (
        graph.put("MaxPool", [of], f"taught/{name}", kernel_shape=[half // 8] * 2, strides=[half // 8] * 2)
        for of, name in ((grey, "brightest"), (dark, "darkest"))
    )
    above = graph.put("Sub", [graph.put("Flatten", [bright], "taught/bright-row"), points], "taught/above")
    below = graph.put("Add", [graph.put("Flatten", [deep], "taught/dark-row"), points], "taught/below")
    graph.put("Concat", [small, even, strength, above, below], "looks", axis=1)


def _grid(graph: Graph, of: str, name: str, step: int) -> str:
    """Means over squares, as one row."""
    pooled = graph.put("AveragePool", [of], f"{name}/grid", kernel_shape=[step, step], strides=[step, step])
    return graph.put("Flatten", [pooled], name)


def _pooled(graph: Graph, name: str, of: str, side: int, ways: Sequence[tuple[str, int]]) -> None:
    """A map of so many cells on a side, by each operator over so many parts on a side, as one row.

    Where halves are no whole number of cells, they share the middle ones.
    """
    rows = []
    for op, parts in ways:
        kernel = -(-side // parts)
        stride = side - kernel if parts == 2 else 1
        made = f"taught/{name}/{op}-{parts}"
        pooled = graph.put(op, [of], f"{made}/map", kernel_shape=[kernel, kernel], strides=[stride, stride])
        rows.append(graph.put("Flatten", [pooled], made))
    graph.put("Concat", rows, name, axis=1)


def _copy(graph: Graph, base: onnx.ModelProto, wanted: Sequence[str]) -> None:
    """The nodes of `base` that lead to these tensors, in their order, and their weights."""
    maker = {made: index for index, node in enumerate(base.graph.node) for made in node.output}
    missing = [each for each in wanted if each not in maker]
    if missing or [each.name for each in base.graph.input] != [_IMAGE]:
        raise InvalidModel(
            f"it has no layer {missing[0]!r}" if missing else f"its input is not {_IMAGE!r}",
            where=BASE,
            mend=f"fetch the shipped model again: python -m hub models pull {BASE}",
        )
    needed: set[int] = set()
    todo = list(wanted)
    while todo:
        index = maker.get(todo.pop())
        if index is not None and index not in needed:
            needed.add(index)
            todo.extend(base.graph.node[index].input)
    nodes = [base.graph.node[index] for index in sorted(needed)]
    used = {each for node in nodes for each in node.input}
    graph.nodes.extend(nodes)
    graph.constants.extend(each for each in base.graph.initializer if each.name in used)
