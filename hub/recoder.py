"""Recoder: a process of its own that makes the shown copy of one clip: persons blurred, H.264.

    python -m hub.recoder --models DIR [--model NAME]   < original.mp4 > shown.mp4

Nothing is written to a disk. It works at a low priority: cameras come first. Exit 0 with the clip, 3 when the
clip cannot be decoded (it never will be), anything else when something went wrong that may go better another time.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from detectors.blur import blur_persons
from detectors.carry import Seen, carried
from hub.turns import give_way
from hub.worker.models import hiding, loaded, people
from hub.worker.people import WHOLE, Detect, Hidden, boxes_of, faces_of, find
from ingest.errors import EvidenceNone
from ingest.video.recode import Picture, encode, length, pictures

log = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between two looks for persons; between them their boxes are carried (detectors/carry.py). Every second look
is at the parts of the picture, too, for far and small persons: detectors/carry.py believes a look for half a second."""
HOPELESS = 3
"""Exit code: no picture can be made of this clip."""


def blurred(clip: bytes, detect: Detect | None, hiders: Sequence[Detect] = ()) -> Iterator[Picture]:
    """The clip's pictures with persons and faces made unrecognisable; where nothing finds persons, all of it."""
    persons, faces = [], []
    if detect is not None:
        for number, (seconds, image) in enumerate(pictures(clip, EVERY)):
            if number % 2:
                found = Hidden(boxes_of(detect(image)), faces_of(image, hiders))
            else:
                found = find(image, detect, hiders)
            persons.append(Seen(seconds, tuple(found.persons)))
            faces.append(Seen(seconds, tuple(found.faces)))
    for seconds, image in pictures(clip):
        if detect is None:
            yield seconds, blur_persons(image, [WHOLE])
        else:
            yield seconds, blur_persons(image, carried(persons, seconds), carried(faces, seconds))


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.recoder",
        description="A clip on standard input, its blurred copy on standard output.",
    )
    parser.add_argument("--models", type=Path, required=True, help="folder of the models")
    parser.add_argument("--model", default="", help="which of them is asked first")
    args = parser.parse_args(arguments)
    logging.basicConfig(level="WARNING", format="recoder: %(message)s", stream=sys.stderr)
    give_way()
    clip = sys.stdin.buffer.read()
    try:
        found = map(loaded, hiding(args.models))
        hiders = [each.detector.detect for each in found if each.detector is not None]
        shown = encode(blurred(clip, people(args.models, args.model), hiders), length(clip))
    except EvidenceNone as wrong:
        print(wrong, file=sys.stderr)
        return HOPELESS
    sys.stdout.buffer.write(shown)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
