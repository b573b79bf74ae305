"""Folder: examples as files: two folders of pictures, or one list in JSON.

    yes/*.jpg  no/*.jpg             the condition holds, or does not; also .jpeg, .png, .bmp, .webp
    yes/index.csv                   if there: `file,time,camera,clip` (a header line; all but `file` may be empty)
    cam_20261122T080000Z.jpg        without an index: the moment, in UTC, stands at the end of the name,
    cam_12.4s.jpg                   or the second of the clip `cam`
    list.json                       [{"file": "a.jpg", "holds": true, "time": …, "camera": …, "clip": …}, …]

`time` is RFC 3339 or a number of seconds on the clip's clock. Where no time is known, the order of names (numbers count
as numbers) stands for it. `file` is relative to the index or list.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detectors.teach.example import Example, in_numeric_order, named_moment
from detectors.teach.region import Picture, Region
from ingest.errors import InvalidInput
from ingest.instant import parse_instant

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
INDEX = "index.csv"
COLUMNS = ("file", "time", "camera", "clip")
MOST_BYTES = 32 * 1024 * 1024
"""Of one file; a camera's picture is far smaller."""
MOST_EXAMPLES = 20_000
_TIME = "write 2026-11-22T08:00:00Z, or a number of seconds into the clip"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read.

    Attributes:
        examples: In the order of time, or of names.
        doubled: How many files were left out because the same bytes are there already.
    """

    examples: tuple[Example, ...]
    doubled: int


def read_picture(path: Path) -> tuple[Picture, str]:
    """The picture of a file (BGR), and the file's sha256; InvalidInput names what cannot be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(
                f"more than {MOST_BYTES} bytes", where=str(path), mend="save the picture smaller"
            )
        raw = path.read_bytes()
    except OSError as wrong:
        what = f"cannot be read ({wrong.strerror})"
        raise InvalidInput(what, where=str(path), mend="name a picture file") from wrong
    try:
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR) if raw else None
    except cv2.error:
        picture = None
    if picture is None:
        raise InvalidInput("not a picture", where=str(path), mend="save it as JPEG or PNG")
    return np.asarray(picture, np.uint8), hashlib.sha256(raw).hexdigest()


def read_folders(yes: Path, no: Path, region: Region) -> Gathered:
    """The examples of two folders; InvalidInput names what is wrong with which file."""
    return _gather([*_listed(yes, holds=True), *_listed(no, holds=False)], region)


def read_list(path: Path, region: Region) -> Gathered:
    """The examples of a list in JSON; InvalidInput names the entry that is wrong."""
    mend = 'write [{"file": "a.jpg", "holds": true, "time": "2026-11-22T08:00:00Z"}, …]'
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as wrong:
        what = f"cannot be read ({getattr(wrong, 'strerror', None) or wrong})"
        raise InvalidInput(what, where=str(path), mend=mend) from wrong
    if not isinstance(entries, list):
        raise InvalidInput("not a list", where=str(path), mend=mend)
    found = []
    for number, entry in enumerate(entries):
        where = f"{path}[{number}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("holds"), bool):
            raise InvalidInput("`holds` is neither true nor false", where=where, mend=mend)
        if unknown := set(entry) - {*COLUMNS, "holds"}:
            raise InvalidInput(f"unknown key {min(unknown)!r}", where=where, mend=mend)
        found.append((entry["holds"], _entry(path.parent, entry, where)))
    return _gather(found, region)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    camera: str
    clip: str
    second: float | None


def _listed(folder: Path, *, holds: bool) -> Iterator[tuple[bool, _Entry]]:
    if not folder.is_dir():
        raise InvalidInput("there is no such folder", where=str(folder), mend="name a folder of pictures")
    index = folder / INDEX
    if index.is_file():
        yield from ((holds, each) for each in _index(index))
        return
    for path in sorted(folder.iterdir(), key=lambda each: in_numeric_order(each.name)):
        if path.suffix.lower() in ENDINGS and path.is_file():
            clip, second = named_moment(path.stem)
            yield holds, _Entry(path, "", clip, second)


def _index(path: Path) -> Iterator[_Entry]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise InvalidInput("cannot be read as UTF-8", where=str(path), mend="save it as CSV UTF-8") from wrong
    rows = csv.DictReader(lines)
    columns = tuple(rows.fieldnames or ())
    if "file" not in columns or set(columns) - set(COLUMNS):
        raise InvalidInput(
            f"the columns are {', '.join(columns) or 'none'}",
            where=f"{path}:1",
            mend=f"write {','.join(COLUMNS)} as the first line",
        )
    for row in rows:
        yield _entry(
            path.parent, {key: value for key, value in row.items() if key}, f"{path}:{rows.line_num}"
        )


def _entry(folder: Path, row: Mapping[str, object], where: str) -> _Entry:
    file = row.get("file")
    if not isinstance(file, str) or not file:
        raise InvalidInput("names no file", where=where, mend="give `file`")
    path = folder / file
    clip, second = named_moment(path.stem)
    time = row.get("time")
    if time is not None and time != "":
        clip, second = "", _seconds(time, where)
    return _Entry(path, str(row.get("camera") or ""), str(row.get("clip") or clip), second)


def _seconds(time: object, where: str) -> float:
    """RFC 3339, or a number."""
    try:
        second = float(str(time))
    except ValueError:
        try:
            return parse_instant(str(time)).timestamp()
        except InvalidInput as wrong:
            raise InvalidInput(f"{time!r} is no time", where=where, mend=_TIME) from wrong
    if not math.isfinite(second):
        raise InvalidInput(f"{time!r} is no time", where=where, mend=_TIME)
    return second


def _gather(entries: Sequence[tuple[bool, _Entry]], region: Region) -> Gathered:
    if len(entries) > MOST_EXAMPLES:
        raise InvalidInput(
            f"{len(entries)} examples, more than {MOST_EXAMPLES}",
            where="examples",
            mend="choose fewer: hundreds are plenty",
        )
    seen: dict[str, Example] = {}
    doubled = 0
    for holds, entry in entries:
        picture, digest = read_picture(entry.path)
        before = seen.get(digest)
        if before is not None:
            if before.holds is not holds:
                raise InvalidInput(
                    f"the same picture as {before.name}, with the other answer",
                    where=str(entry.path),
                    mend="decide which is right and remove the other",
                )
            doubled += 1
            continue
        try:
            part = region.cut(picture)
        except InvalidInput as wrong:
            raise InvalidInput(wrong.message, where=str(entry.path), mend=wrong.mend) from wrong
        name = f"{entry.path.parent.name}/{entry.path.name}"
        clip = entry.clip or entry.camera
        seen[digest] = Example(part, holds, name, digest, entry.camera, clip, entry.second)
    return Gathered(tuple(seen.values()), doubled)
