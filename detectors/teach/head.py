"""Head: what was learned, as numbers, and as the end of the one ONNX file that a taught condition is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.teach.backbone import feature_graph
from detectors.teach.features import Features
from detectors.teach.logistic import Floats
from detectors.teach.network import RESULT

SHORTEST = 1e-6
"""Length of a block's vector below which it has no direction."""

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """What is done with one block: shifted, scaled, made one long, and weighed.

    Attributes:
        mean: (d,): of the examples.
        scale: (d,): one over their standard deviation.
        weights: (d,).
    """

    mean: Vector
    scale: Vector
    weights: Vector


@dataclass(frozen=True, slots=True)
class Head:
    """The logit of the calibrated probability is the sum over the blocks, and `offset`."""

    parts: Mapping[str, Part]
    offset: float

    def logits(self, features: Features) -> Floats:
        """What the file says before its last step; (N,)."""
        total = np.full(len(next(iter(features.values()))), self.offset)
        for name, part in self.parts.items():
            total += directions(features[name], part.mean, part.scale) @ part.weights.astype(np.float64)
        return total


def spread(rows: Vector) -> tuple[Vector, Vector]:
    """Mean and one over the standard deviation of each column; what hardly ever changes is not blown up."""
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    floor = 0.1 * float(np.sqrt(np.mean(np.square(deviation)))) + 1e-6
    return mean.astype(np.float32), (1.0 / np.maximum(deviation, floor)).astype(np.float32)


def directions(rows: Vector, mean: Vector, scale: Vector) -> Vector:
    """Each row shifted, scaled and made one long: a night or a lamp that changes all of it weighs no more for it."""
    moved = (rows - mean) * scale
    length = np.sqrt(np.einsum("ij,ij->i", moved, moved))[:, None]
    return np.asarray(moved / np.maximum(length, SHORTEST), np.float32)


def whole_model(base: bytes, head: Head, name: str) -> bytes:
    """The file from crops to `p` (N, 1): the cut detector, standardisation, weights and calibration in one."""
    graph = feature_graph(base)
    sums = [graph.constant("taught/offset", np.array([head.offset], np.float32))]
    shortest = graph.constant("taught/shortest", np.array(SHORTEST, np.float32))
    for block, part in head.parts.items():
        made = f"taught/head/{block}"
        mean, scale, weights = (
            graph.constant(f"{made}/{what}", value)
            for what, value in (
                ("mean", part.mean),
                ("scale", part.scale),
                ("weights", part.weights[:, None]),
            )
        )
        moved = graph.put("Mul", [graph.put("Sub", [block, mean], f"{made}/sub"), scale], f"{made}/moved")
        length = graph.put("ReduceL2", [moved], f"{made}/length", axes=[1], keepdims=1)
        unit = graph.put(
            "Div", [moved, graph.put("Max", [length, shortest], f"{made}/floor")], f"{made}/unit"
        )
        sums.append(graph.put("MatMul", [unit, weights], f"{made}/score"))
    while len(sums) > 1:
        first, second, *rest = sums
        sums = [graph.put("Add", [first, second], f"taught/sum-{len(rest)}"), *rest]
    graph.put("Sigmoid", sums, RESULT)
    return graph.serialised(name, {RESULT: 1})
