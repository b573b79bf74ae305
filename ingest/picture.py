"""Picture: a photo that somebody uploaded becomes a JPEG of ours: pixels and nothing else.

The file is measured by its own headers before anything is decoded, so that a small file cannot unfold to a large
picture. What comes out was encoded here: no EXIF (place, time, telephone), no colour profile, no text, no second
picture and nothing that stood behind the picture; turned as its EXIF said.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ingest.errors import InvalidInput, TooLarge

MOST_BYTES = 10_000_000
"""Of the file as it is sent."""
MOST_PIXELS = 50_000_000
"""Width × height; a telephone's largest photos. Decoded they take 150 MB for a moment."""
LONGEST = 4096
"""Pixels of the longer side as it is kept; larger pictures are made smaller."""
QUALITY = 90
"""JPEG quality: fine print stays readable."""
MOST_SCANS = 64
"""Of a progressive JPEG; ten are usual, thousands only keep the decoder busy."""

MEDIA_TYPE = "image/jpeg"
MEND = "send a photo as JPEG, PNG or WebP"

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)}) - {0xC4, 0xC8, 0xCC}
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In the coded data: the next marker that is no restart and no stuffed byte."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ours.

    Attributes:
        jpeg: The file.
        width: Pixels.
        height: Pixels.
    """

    jpeg: bytes
    width: int
    height: int


def clean(content: bytes) -> Picture:
    """The picture in an uploaded file; raises TooLarge, or InvalidInput saying what is wrong with it."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"more than {MOST_BYTES} bytes", where="photo", mend="send a smaller photo")
    if not content:
        raise InvalidInput("the file is empty", where="photo", mend=MEND)
    if content.startswith(_PNG):
        body, width, height = _png(content)
    elif content.startswith(b"\xff\xd8"):
        body, width, height = _jpeg(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        body, width, height = _webp(content)
    else:
        raise InvalidInput("neither JPEG, PNG nor WebP", where="photo", mend=MEND)
    if not width or not height:
        raise InvalidInput("the picture has no size", where="photo", mend=MEND)
    if width * height > MOST_PIXELS:
        raise TooLarge(
            f"{width} × {height} pixels, more than {MOST_PIXELS}", where="photo", mend="send a smaller photo"
        )
    return _encoded(body, reduced=max(width, height) >= 2 * LONGEST)


def _encoded(body: bytes, *, reduced: bool) -> Picture:
    flag = cv2.IMREAD_REDUCED_COLOR_2 if reduced else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(body, np.uint8), flag)  # turned as EXIF says
    except cv2.error as wrong:
        raise InvalidInput("the picture cannot be decoded", where="photo", mend=MEND) from wrong
    if image is None:
        raise InvalidInput("the picture cannot be decoded", where="photo", mend=MEND)
    height, width = image.shape[:2]
    shrink = LONGEST / max(width, height)
    if shrink < 1:
        width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise InvalidInput("the picture cannot be encoded", where="photo", mend=MEND)
    return Picture(jpeg.tobytes(), width, height)


def _cut() -> InvalidInput:
    return InvalidInput("the file is cut off", where="photo", mend="send it again")


def _png(content: bytes) -> tuple[bytes, int, int]:
    """The same picture with the chunks it needs and no others, up to its end."""
    parts, size, at, ended = [_PNG], (0, 0), len(_PNG), False
    while not ended:
        if at + 12 > len(content):
            raise _cut()
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise _cut()
        if (kind == b"IHDR") != (len(parts) == 1) or (kind == b"IHDR" and length != 13):
            raise InvalidInput("not a PNG", where="photo", mend=MEND)
        if kind == b"IHDR":
            size = struct.unpack_from(">II", content, at + 8)
        if kind in _PNG_KEPT:
            parts.append(content[at:end])
        at, ended = end, kind == b"IEND"
    return b"".join(parts), *size


def _jpeg(content: bytes) -> tuple[bytes, int, int]:
    """The same picture up to its end; what stands behind it is left out."""
    size: tuple[int, int] | None = None
    at, scans = 2, 0
    while True:
        while content[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 4 > len(content) and content[at : at + 2] != b"\xff\xd9":
            raise _cut()
        if content[at] != 0xFF:
            raise InvalidInput("not a JPEG", where="photo", mend=MEND)
        marker = content[at + 1]
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", content, at + 2)
        if at + 2 + length > len(content):
            raise _cut()
        if marker in _JPEG_FRAMES and length >= 8:
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = size or (width, height)
        at += 2 + length
        if marker == 0xDA:
            scans += 1
            if scans > MOST_SCANS:
                raise InvalidInput(f"more than {MOST_SCANS} scans", where="photo", mend=MEND)
            following = _JPEG_NEXT.search(content, at)
            if following is None:
                raise _cut()
            at = following.start()
    return content[: at + 2], *(size or (0, 0))


def _webp(content: bytes) -> tuple[bytes, int, int]:
    """The picture's own length of the file; moving pictures are refused."""
    (length,) = struct.unpack_from("<I", content, 4)
    if length + 8 > len(content):
        raise _cut()
    width = height = 0
    for kind, body in _riff(content[12 : length + 8]):
        one = (0, 0)
        if kind in {b"ANIM", b"ANMF"}:
            raise InvalidInput("a moving picture", where="photo", mend=MEND)
        if kind == b"VP8X" and len(body) >= 10:
            one = (int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1)
        elif kind == b"VP8 " and len(body) >= 10:
            across, down = struct.unpack_from("<HH", body, 6)
            one = (across & 0x3FFF, down & 0x3FFF)
        elif kind == b"VP8L" and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            one = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        width, height = max(width, one[0]), max(height, one[1])
    return content[: length + 8], width, height


def _riff(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(body):
        kind, length = struct.unpack_from("<4sI", body, at)
        if at + 8 + length > len(body):
            raise _cut()
        yield kind, body[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)
