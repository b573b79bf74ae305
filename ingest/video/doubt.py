"""Doubt: when a stream that sends packets is taken for garbage without decoding it. No clock, no I/O."""

from __future__ import annotations

FIRST_KEYFRAME = 12.0
KEYFRAME = 60.0
"""Seconds of packets without a keyframe, at the begin and later; cameras that save send one every 10 s or so."""
FORBIDDEN = 8.0
FORGIVEN = 0.1
"""Packets with a bit that no encoder sets, beyond one in eleven."""
UNITS = frozenset({"h264", "hevc"})
"""Codecs (FFmpeg's names) whose packets begin with a unit's header."""


class Doubt:
    """What speaks against one session's stream. `now` and `began` are seconds of any one clock."""

    def __init__(self, codec: str, began: float) -> None:
        self._codec = codec
        self._keyframe_at = began
        self._patience = FIRST_KEYFRAME
        self._wrong = 0.0

    def about(self, data: bytes, *, keyframe: bool, now: float) -> str | None:
        """Why the stream is garbage, now that this packet came; None while it may be video."""
        if keyframe:
            self._keyframe_at, self._patience = now, KEYFRAME
        elif now - self._keyframe_at > self._patience:
            return "sends no keyframe"
        if self._codec in UNITS and _forbidden(data):
            self._wrong += 1
        else:
            self._wrong = max(0.0, self._wrong - FORGIVEN)
        return f"what it sends is no {self._codec}" if self._wrong > FORBIDDEN else None


def _forbidden(data: bytes) -> bool:
    """Whether the first unit has the bit set that is always 0; random bytes have it every other time."""
    head = 4 if data.startswith(b"\0\0\0\1") else 3
    return data.startswith((b"\0\0\0\1", b"\0\0\1")) and len(data) > head and data[head] >= 0x80
