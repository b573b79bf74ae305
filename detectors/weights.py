"""Weights: an ONNX file looked at before a runtime loads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from detectors.forbidden import Use, why_forbidden
from ingest.errors import InvalidModel

MAX_BYTES = 512 * 1024 * 1024
"""A detector for a camera is far smaller; a larger file is a mistake."""


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def check_weights(path: Path, *, size: int, expected: int | None, mend: str, use: Use = "detect") -> None:
    """Raises InvalidModel for a file that cannot be a whole, self-contained ONNX model.

    Args:
        path: The file.
        size: Its length in bytes.
        expected: The length the manifest names, if it does.
        mend: What to do about a damaged file.
        use: What the manifest says it is for.
    """
    where = str(path)
    if size == 0:
        raise InvalidModel("the weights are empty", where=where, mend=f"delete the file and {mend}")
    if size > MAX_BYTES:
        raise InvalidModel(
            f"the weights have {size} bytes, more than {MAX_BYTES} are not loaded",
            where=where,
            mend="use a smaller model",
        )
    head = _first(path).lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        raise InvalidModel(
            "this is a web page, not a model: a download was answered by a login or error page",
            where=where,
            mend=f"delete the file and {mend}",
        )
    if head.startswith(b"version https://git-lfs"):
        raise InvalidModel("this is a pointer to the weights, not the weights", where=where, mend=mend)
    if expected is not None and size < expected:
        raise InvalidModel(
            f"the weights are cut short: {size} of {expected} bytes",
            where=where,
            mend=f"delete the file and {mend}",
        )
    _check_graph(path, mend, use)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every constant, in branches and loops too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _check_graph(path: Path, mend: str, use: Use) -> None:
    where = str(path)
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, ValueError) as wrong:
        raise InvalidModel(
            "this is not an ONNX model (damaged or cut short)",
            where=where,
            mend=f"delete the file and {mend}",
        ) from wrong
    if not model.graph.node or not model.graph.input:
        raise InvalidModel("this ONNX model has no graph", where=where, mend=f"delete the file and {mend}")
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise InvalidModel(
                f"the tensor {tensor.name!r} lies outside the file",
                where=where,
                mend="save the model as one file, with its weights inside",
            )
    refused = why_forbidden([model.graph.name, model.producer_name, model.domain], (), use=use)
    if refused:
        raise InvalidModel(refused.what, where=where, mend=refused.mend)
