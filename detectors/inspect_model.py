"""Inspect a model: run by inspection.py as a process of its own, because the file that is opened here may be hostile.

    python -m detectors.inspect_model FILE

It takes memory, processor time and the right to write files away from itself, then reads the file, builds a session of
it and runs it once on zeros. One line of JSON comes out: `{"what", "mend"}` when the file cannot be used, else
`{"inputs", "outputs", "texts"}`: names with shapes (null where a length is open), and by what the file calls itself.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from math import prod
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import defs, helper

from detectors.forbidden import IDENTITY, plain
from detectors.session import Session
from ingest.errors import InvalidModel

MEMORY = 2 * 1024**3
"""Bytes of address space, beside six times the file's: the runtime alone maps some hundred megabytes."""
SECONDS = 30
"""Of processor time."""
MOST_VALUES = 2**28
"""In one tensor: a gigabyte of float32; no detector for a camera has such."""
STANDARD = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""Sets of operators that the ONNX standard defines."""
RUNTIME = frozenset({"com.microsoft"})
"""And those that the runtime brings along; it says itself which it knows."""
LONGEST_TEXT = 500
MOST_TEXTS = 100

AGAIN = "export the model again as one file, with operators of the ONNX standard"

Shape = list[int | None]


class Unusable(Exception):
    """What is wrong with the file, and the mend (empty: fetch it again)."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def restrain(size: int) -> None:
    """From here on: little memory, little time, and no file is written."""
    memory = MEMORY + 6 * size
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: Path) -> int:
    """Print what there is to tell."""
    restrain(path.stat().st_size)
    try:
        told = look(path)
    except Unusable as wrong:
        told = {"what": wrong.what, "mend": wrong.mend}
    except MemoryError:
        told = {"what": "it needs more memory than a model may have", "mend": AGAIN}
    except RecursionError:
        told = {"what": "its graphs are nested too deeply", "mend": AGAIN}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    return 0


def look(path: Path) -> dict[str, object]:
    """Everything about one file; Unusable says what is wrong with it."""
    try:
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, ValueError) as wrong:
        raise Unusable("this is not an ONNX model (damaged or cut short)") from wrong
    if not model.graph.node or not model.graph.input:
        raise Unusable("this ONNX model has no graph")
    own = {(each.domain, each.name) for each in model.functions}
    _check_nodes(model.graph.node, own)
    for function in model.functions:
        _check_nodes(function.node, own)
    for tensor in _tensors(model.graph.node, model.graph):
        _check_tensor(tensor)
    weights = {each.name for each in model.graph.initializer}
    asked = [each for each in model.graph.input if each.name not in weights]
    inputs = {each.name: _shape(each) for each in asked}
    outputs = {each.name: _shape(each) for each in model.graph.output}
    for name, shape in (*inputs.items(), *outputs.items()):
        _check_size(name, [each for each in shape if each is not None])
    seen = _run(path, asked)
    if seen is not None and len(seen) == len(outputs):
        outputs = dict(zip(outputs, seen, strict=True))
    return {
        "inputs": [[name, shape] for name, shape in inputs.items()],
        "outputs": [[name, shape] for name, shape in outputs.items()],
        "texts": sorted({each[:LONGEST_TEXT] for each in islice(_texts(model), MOST_TEXTS) if each}),
    }


def _tensors(nodes: Iterable[onnx.NodeProto], graph: onnx.GraphProto | None) -> Iterator[onnx.TensorProto]:
    """Every constant, in branches and loops too."""
    if graph is not None:
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner.node, inner)


def _check_nodes(nodes: Iterable[onnx.NodeProto], own: set[tuple[str, str]]) -> None:
    """Every operator is one that there is."""
    for node in nodes:
        domain = "" if node.domain == "ai.onnx" else node.domain
        known = (node.domain, node.op_type) in own or domain in RUNTIME
        if not known and not (domain in STANDARD and defs.has(node.op_type, domain)):
            of = f" of {node.domain[:60]}" if node.domain else ""
            raise Unusable(f"the operator {node.op_type[:60]!r}{of} is unknown: nothing can run it", AGAIN)
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _check_nodes(inner.node, own)


def _check_tensor(tensor: onnx.TensorProto) -> None:
    """Its values lie in the file, and are not too many."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise Unusable(
            f"the tensor {tensor.name[:60]!r} lies outside the file",
            "save the model as one file, with its weights inside",
        )
    _check_size(tensor.name, list(tensor.dims))


def _check_size(name: str, dims: list[int]) -> None:
    if any(each < 0 for each in dims) or prod(dims) > MOST_VALUES:
        shape = " × ".join(str(each) for each in dims[:8])
        raise Unusable(f"{name[:60]!r} has the shape {shape}, more than {MOST_VALUES} values", AGAIN)


def _shape(value: onnx.ValueInfoProto) -> Shape:
    """Its lengths; None where one is open."""
    dims = value.type.tensor_type.shape.dim
    return [each.dim_value if each.dim_value > 0 else None for each in dims]


def _run(path: Path, inputs: list[onnx.ValueInfoProto]) -> list[Shape] | None:
    """The shapes that come out when zeros go in; None where more than the batch is open."""
    try:
        session = Session(path)
        batch: dict[str, NDArray[np.generic]] = {}
        for value in inputs:
            shape, kind = _shape(value), value.type.tensor_type.elem_type
            if kind == onnx.TensorProto.UNDEFINED or None in shape[1:]:
                return None
            lengths = [each or 1 for each in shape]  # only the batch may be open, and is one picture
            batch[value.name] = np.zeros(lengths, helper.tensor_dtype_to_np_dtype(kind))
        return [list(each.shape) for each in session.run(batch)]
    except InvalidModel as wrong:
        raise Unusable(wrong.message, AGAIN) from wrong


def _texts(model: onnx.ModelProto) -> Iterator[str]:
    """By what the file calls itself and its parts; of its nodes and weights only what speaks of identities."""
    graph = model.graph
    yield from (graph.name, graph.doc_string, model.producer_name, model.domain, model.doc_string)
    yield from (each.value for each in islice(model.metadata_props, MOST_TEXTS // 4))
    yield from (each.name for each in islice(graph.input, MOST_TEXTS // 8))
    yield from (each.name for each in islice(graph.output, MOST_TEXTS // 4))
    parts = (each.name for named in (graph.node, graph.initializer) for each in named)
    yield from islice((each for each in parts if IDENTITY.search(plain(each))), MOST_TEXTS // 8)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
