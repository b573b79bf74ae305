"""Teacher: a process of its own that makes a version of a lesson; the crops come through a pipe and touch no disk.

    python -m hub.teacher --home DIR --models DIR   < {"condition", "region", "by", "examples": […]}

An example is `{name, sha256, holds, camera, clip, second, png}`, the picture in base64. Progress is said on standard
error, a line each; on standard output stands JSON: `{version}`, or `{error}` when nothing can be learned (exit 3).
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors.teach.example import Example
from detectors.teach.region import parse_region
from hub.learn import Wanted, learn
from hub.turns import give_way
from ingest.errors import HubError, InvalidInput

NOTHING = 3
"""Exit code: nothing can be learned of this."""


class Crop(BaseModel):
    """One example, as Example; `png` in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: str
    holds: bool
    camera: str
    clip: str
    second: float
    png: str = Field(repr=False)

    def example(self) -> Example:
        """With its picture; InvalidInput when it is none."""
        raw = np.frombuffer(base64.b64decode(self.png), np.uint8)
        picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)
        if picture is None:
            raise InvalidInput("not a picture", where=self.name)
        return Example(
            np.asarray(picture, np.uint8),
            self.holds,
            self.name,
            self.sha256,
            self.camera,
            self.clip,
            self.second,
        )


class Task(BaseModel):
    """What is to be learned, and of what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    condition: str
    region: str
    by: str
    examples: tuple[Crop, ...] = Field(repr=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn one lesson."""
    parser = argparse.ArgumentParser(prog="python -m hub.teacher", description="A lesson on standard input.")
    parser.add_argument("--home", type=Path, required=True, help="folder of its versions")
    parser.add_argument("--models", type=Path, required=True, help="folder of the models")
    args = parser.parse_args(arguments)
    give_way()
    task = Task.model_validate_json(sys.stdin.buffer.read())
    wanted = Wanted(task.condition, parse_region(task.region), args.home, args.models, task.by)
    try:
        _, card = learn(wanted, [each.example() for each in task.examples], say=_say)
    except HubError as wrong:
        print(json.dumps({"error": str(wrong)}, ensure_ascii=False))
        return NOTHING
    print(json.dumps({"version": card.version}))
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
