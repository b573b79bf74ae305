"""Autoencoder: a small network of a device's own past, as ONNX: what the rule `anomaly` was compared with.

Thirty values (one hour, each the mean of two minutes) and the hour of the day go through eight units and come back;
what does not come back well is unusual. Trained on the device's own first week with numpy, run by detectors.session.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from detectors.session import Session

WINDOW = 30
HIDDEN = 8
EPOCHS = 150

Floats = NDArray[np.float32]


def windows(values: list[tuple[float, float]]) -> tuple[NDArray[np.float64], Floats]:
    """Ends (second) and windows of 30 two-minute means with sine and cosine of the hour."""
    means = [(values[n + 1][0], (values[n][1] + values[n + 1][1]) / 2) for n in range(0, len(values) - 1, 2)]
    ends, rows = [], []
    for n in range(WINDOW, len(means)):
        at = means[n][0]
        turn = 2 * math.pi * (at % 86400) / 86400
        ends.append(at)
        rows.append([value for _, value in means[n - WINDOW + 1 : n + 1]] + [math.sin(turn), math.cos(turn)])
    return np.array(ends), np.array(rows, np.float32)


class Autoencoder:
    """Trained on windows, stored as ONNX in `folder`."""

    def __init__(self, rows: Floats, folder: Path, seed: int) -> None:
        self._mean, self._scale = rows.mean(0), rows.std(0) + 0.05
        dice = np.random.default_rng(seed)
        wide = rows.shape[1]
        weights: list[Floats] = [
            (dice.standard_normal((a, b)) * math.sqrt(1 / a)).astype(np.float32)
            for a, b in ((wide, 16), (16, HIDDEN), (HIDDEN, 16), (16, WINDOW))
        ]
        biases: list[Floats] = [np.zeros(each.shape[1], np.float32) for each in weights]
        x = ((rows - self._mean) / self._scale).astype(np.float32)
        _train(x, weights, biases, dice)
        path = folder / f"autoencoder-{seed}.onnx"
        onnx.save(_graph(weights, biases, wide), str(path))
        self._session = Session(path)

    def error(self, rows: Floats) -> Floats:
        """Root mean square of what did not come back, per window."""
        x = ((rows - self._mean) / self._scale).astype(np.float32)
        (back,) = self._session.run({"x": x})
        wrong: Floats = np.sqrt(((back - x[:, :WINDOW]) ** 2).mean(1)).astype(np.float32)
        return wrong


def _train(x: Floats, weights: list[Floats], biases: list[Floats], dice: np.random.Generator) -> None:
    """Adam, in batches of 256."""
    params = [*weights, *biases]
    first, second = [np.zeros_like(each) for each in params], [np.zeros_like(each) for each in params]
    step = 0
    for _ in range(EPOCHS):
        order = dice.permutation(len(x))
        for begin in range(0, len(x), 256):
            batch = x[order[begin : begin + 256]]
            layers = [batch]
            for n, (w, b) in enumerate(zip(weights, biases, strict=True)):
                z = layers[-1] @ w + b
                layers.append(np.tanh(z) if n < len(weights) - 1 else z)
            grad = 2 * (layers[-1] - batch[:, :WINDOW]) / batch.shape[0]
            grads: list[Floats] = [np.zeros(0, np.float32)] * len(params)
            for n in reversed(range(len(weights))):
                grads[n], grads[n + len(weights)] = layers[n].T @ grad, grad.sum(0)
                grad = (grad @ weights[n].T) * (1 - layers[n] ** 2)
            step += 1
            for n, g in enumerate(grads):
                first[n] = 0.9 * first[n] + 0.1 * g
                second[n] = 0.999 * second[n] + 0.001 * g * g
                rate = 2e-3 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                params[n] -= rate * first[n] / (np.sqrt(second[n]) + 1e-8)


def _graph(weights: list[Floats], biases: list[Floats], wide: int) -> onnx.ModelProto:
    nodes, values, name = [], [], "x"
    for n, (w, b) in enumerate(zip(weights, biases, strict=True)):
        values += [numpy_helper.from_array(w, f"w{n}"), numpy_helper.from_array(b, f"b{n}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{n}", f"b{n}"], [f"z{n}"]))
        name = f"z{n}"
        if n < len(weights) - 1:
            nodes.append(helper.make_node("Tanh", [name], [f"h{n}"]))
            name = f"h{n}"
    graph = helper.make_graph(
        nodes, "autoencoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, wide])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, WINDOW])], values,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
