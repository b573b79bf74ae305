"""Cropper: a process of its own that cuts a region out of one picture of a clip, for teaching.

    python -m hub.cropper --region 0.2,0.3,0.25,0.4 --second 5.2 --models DIR [--model NAME]   < clip.mp4 > crop.png

Nothing is written to a disk. Exit 0 with the crop, 3 (and why on stderr) when there is none of that region and moment.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from detectors.teach.region import Picture, parse_region
from hub.turns import give_way
from hub.worker.crop import png
from hub.worker.models import people
from ingest.errors import EvidenceNone, HubError
from ingest.video.recode import pictures

NONE = 3
"""Exit code: there is no such crop."""
WHOLE = 8192
"""Pixels of the longer side: no camera's picture is made smaller before it is cut."""
NEAR = 0.001
"""Seconds: time stamps are rounded."""


def picture_at(clip: bytes, second: float) -> Picture:
    """The first picture at `second` or later, the last one where there is none; EvidenceNone for what is no clip."""
    chosen = None
    for moment, picture in pictures(clip, longest=WHOLE):
        chosen = picture
        if moment >= second - NEAR:
            break
    if chosen is None:
        raise EvidenceNone("the clip has no picture")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Cut one region."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.cropper",
        description="A clip on standard input, a region of it on standard output.",
    )
    parser.add_argument("--region", required=True, help="left,top,width,height in 0..1, or upper-body")
    parser.add_argument("--second", type=float, default=0.0, help="of the clip")
    parser.add_argument("--models", type=Path, required=True, help="folder of the models")
    parser.add_argument("--model", default="", help="which of them is asked first where persons are")
    args = parser.parse_args(arguments)
    logging.basicConfig(level="WARNING", format="cropper: %(message)s", stream=sys.stderr)
    give_way()
    clip = sys.stdin.buffer.read()
    try:
        region = parse_region(args.region)
        detect = people(args.models, args.model) if region.kind == "upper-body" else None
        content = png(region, picture_at(clip, args.second), detect)
    except HubError as wrong:
        print(wrong.message, file=sys.stderr)
        return NONE
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
