"""Finder: a process of its own that finds persons and faces in pictures, for a worker that must hide them.

    python -m hub.finder --models DIR [--provider WORD]

On standard input comes one request after the other: a line of JSON `{height, width, model, known}` and the picture's
bytes, BGR. `known` are persons that the camera's model saw in the whole picture, which it looked at already. Without a
picture (height 0) the model is loaded and nothing is looked at. Each is answered with a line of JSON on standard
output: `{persons, faces, blind}` with boxes in 0..1 and `[name, reason]` of models for hiding that cannot be used, or
`{error}`. It ends with its standard input, works at a low priority, and writes nothing to a disk.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from detectors.provider import CPU, NAMES, Provider
from hub.turns import give_way
from hub.worker.models import Models
from hub.worker.people import Box, find


class Request(BaseModel):
    """What stands before a picture."""

    model_config = ConfigDict(frozen=True)

    height: int
    width: int
    model: str | None
    known: list[Box]


class Found(BaseModel):
    """An answer; `error` says why there is none."""

    model_config = ConfigDict(frozen=True)

    persons: list[Box] = []
    faces: list[Box] = []
    blind: list[tuple[str, str]] = []
    error: str = ""


def answer(models: Models, request: Request, pixels: bytes) -> Found:
    """What is to be hidden; where the camera's model cannot tell persons, the whole picture."""
    if request.model is not None:
        models.keep({request.model, *(each.name for each in models.states() if each.detector is not None)})
    hiders = models.hiders()
    blind = [(each.name, each.reason or "") for each in models.blind()]
    if not request.height:
        return Found(blind=blind)
    image = np.frombuffer(pixels, np.uint8).reshape(request.height, request.width, 3)
    model = models.get(request.model)
    hidden = find(image, model.people if model else None, hiders, known=request.known)
    return Found(persons=hidden.persons, faces=hidden.faces, blind=blind)


def serve(models: Models, asked: BinaryIO, told: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    while line := asked.readline():
        request = Request.model_validate_json(line)
        pixels = asked.read(request.height * request.width * 3)
        try:
            found = answer(models, request, pixels)
        except Exception as wrong:  # noqa: BLE001 - the next picture may be better; who asked counts and logs it
            found = Found(error=f"{type(wrong).__name__}: {wrong}"[:300])
        told.write(json.dumps(found.model_dump()).encode() + b"\n")
        told.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.finder", description="Finds what is to be hidden in pictures on standard input."
    )
    parser.add_argument("--models", type=Path, required=True, help="folder of the models")
    parser.add_argument("--provider", choices=tuple(NAMES), default=CPU, help="what networks run on")
    args = parser.parse_args(arguments)
    logging.basicConfig(level="WARNING", format="finder: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends it
    give_way()
    cv2.setNumThreads(1)
    provider: Provider = args.provider
    serve(Models(args.models, provider), sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
