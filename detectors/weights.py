"""Weights: an ONNX file looked at before a runtime loads it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from detectors.forbidden import Use, why_forbidden
from detectors.forbidden_shapes import why_forbidden_shapes
from detectors.inspection import inspect
from ingest.errors import InvalidModel

MAX_BYTES = 512 * 1024 * 1024
"""A detector for a camera is far smaller; a larger file is a mistake."""


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def check_weights(
    path: Path, *, size: int, expected: int | None, mend: str, use: Use = "detect", labels: int = 0
) -> str:
    """The sha256 of a file that is a whole, self-contained ONNX model of a kind that may be loaded, else InvalidModel.

    Args:
        path: The file.
        size: Its length in bytes.
        expected: The length the manifest names, if it does.
        mend: What to do about a damaged file.
        use: What the manifest says it is for.
        labels: How many labels its manifest has.
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
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    found = inspect(path, digest, again=mend)
    refused = why_forbidden(found.texts, (), use=use) or why_forbidden_shapes(
        [shape for _, shape in found.inputs],
        [shape for _, shape in found.outputs],
        labels=labels,
        use=use,
    )
    if refused:
        raise InvalidModel(refused.what, where=where, mend=refused.mend)
    return digest
