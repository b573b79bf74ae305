"""RTP: what the first bytes of a packet tell about the picture in it (RFC 3550, 6184, 7798)."""

from __future__ import annotations

HEADER = 12
"""Bytes."""


def is_rtp(packet: bytes, payload: int) -> bool:
    """Whether this is an RTP packet of that payload type."""
    return len(packet) > HEADER and packet[0] >> 6 == 2 and packet[1] & 0x7F == payload


def plausible(packet: bytes, codec: str) -> bool:
    """Whether the payload's first bytes can be of this codec; random bytes fail every other time.

    `codec` is the name in the session description (H264, H265); of any other, every packet is.
    """
    unit = _payload(packet)
    if codec == "H264":  # the forbidden bit; the kinds 0, 30 and 31 mean nothing
        return len(unit) > 1 and not unit[0] & 0x80 and unit[0] & 0x1F not in {0, 30, 31}
    if codec == "H265":  # the forbidden bit; the base layer, and a temporal layer
        return len(unit) > 2 and not unit[0] & 0x81 and not unit[1] & 0xF8 and bool(unit[1] & 7)
    return True


def begins_picture(packet: bytes, codec: str) -> bool:
    """Whether decoding may start with this packet: parameter sets or the first part of a keyframe."""
    unit = _payload(packet)
    if codec == "H264" and len(unit) > 4:
        kind = (unit[3] if unit[0] & 0x1F == 24 else unit[0]) & 0x1F  # 24: several units in one packet
        return kind in {5, 7} or (kind == 28 and bool(unit[1] & 0x80) and unit[1] & 0x1F in {5, 7})
    if codec == "H265" and len(unit) > 4:
        kind = (unit[4] if unit[0] >> 1 == 48 else unit[0]) >> 1 & 0x3F
        if kind == 49:  # a part of a unit
            return bool(unit[2] & 0x80) and 16 <= unit[2] & 0x3F <= 21
        return 16 <= kind <= 21 or 32 <= kind <= 34
    return codec not in {"H264", "H265"} and bool(unit)


def _payload(packet: bytes) -> bytes:
    at = HEADER + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10 and len(packet) >= at + 4:
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
    return packet[at:]
