"""Codecs: what a stream is called by those who must decide whether they can play it (RFC 6381)."""

from __future__ import annotations

import re
import struct

_START = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)


def parameter_sets(codec: str, data: bytes) -> bool:
    """Whether an Annex B access unit brings its own sequence parameter set."""
    for found in _START.finditer(data):
        head = found[1][0]
        kind = head & 0x1F if codec == "h264" else head >> 1 & 0x3F
        if (codec, kind) in {("h264", 7), ("hevc", 33)}:
            return True
        if (codec == "h264" and kind in {1, 5}) or (codec == "hevc" and kind < 32):
            return False  # the picture itself: parameter sets stand before it
    return False


def in_mp4(init: bytes) -> str:
    """The codec of an MP4's initialization segment, from its decoder configuration record; empty: none known."""
    for box, name in ((b"avcC", _avc), (b"hvcC", _hevc)):
        at = init.find(box)
        if at >= 4:
            (size,) = struct.unpack(">I", init[at - 4 : at])
            return name(init[at + 4 : at - 4 + size], init)
    return ""


def _avc(record: bytes, _: bytes) -> str:
    """`avc1.` and profile, constraints and level as six hexadecimal digits."""
    return f"avc1.{record[1:4].hex()}" if len(record) >= 4 else ""


def _hevc(record: bytes, init: bytes) -> str:
    """`hev1.` or `hvc1.`, then profile, compatibility (bits reversed), tier with level, and constraints."""
    if len(record) < 13:
        return ""
    space, tier, profile = record[1] >> 6, record[1] >> 5 & 1, record[1] & 0x1F
    (compatible,) = struct.unpack(">I", record[2:6])
    reversed_ = int(f"{compatible:032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\0")
    entry = "hvc1" if b"hvc1" in init else "hev1"
    words = [
        entry,
        f"{'ABC'[space - 1] if space else ''}{profile}",
        f"{reversed_:X}",
        f"{'H' if tier else 'L'}{record[12]}",
        *(f"{byte:X}" for byte in constraints),
    ]
    return ".".join(words)
