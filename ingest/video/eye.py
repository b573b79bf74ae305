"""Eye: what becomes of a stream's packets: quiet, a look now and then; open, pictures at the wanted rate.

    quiet:  keyframe ──▶ small grey ──▶ gate                       no decoder is open
    opens:  ring, from the keyframe before the last clear look ──▶ decoder ──▶ frames (catch_up) …
    open:   packet ──▶ decoder ──▶ frames; small grey of keyframes, or twice a second ──▶ gate

One thread feeds it. It has no clock: it lives by the packets' media time and time of arrival.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from av.video.frame import VideoFrame

from ingest.frame import Frame
from ingest.glance import Glance
from ingest.packet import Packet
from ingest.video.change import Mask
from ingest.video.decode import Sampler
from ingest.video.gate import Gate
from ingest.video.glance import Peek, small
from ingest.video.planes import Planes
from ingest.video.ring import Ring
from ingest.video.stream import StreamInfo

BURST = 50
"""Packets decoded at most for one that arrives: some 70 ms at 720p, so that reading goes on."""
PATIENCE = timedelta(seconds=10)
"""For so long after opening no frame is given up; who is behind then sees the newest only."""
HELD_EVERY = 2.0
"""Seconds between two small pictures of a camera in which something is followed: it stays open, whatever they show."""
KEYFRAME_EVERY = 0.9
"""Seconds between two small pictures of keyframes: some cameras send nothing else."""
AHEAD = 0.02
"""Seconds before the next picture that is wanted from which on its packet is waited for."""
CHECK = 60.0
"""Seconds after which a quiet camera's keyframe is handed on as a frame all the same: what the gate thinks
nothing, the model may know better."""
OFTEN = 2.5
"""Seconds between keyframes up to which, while something is followed, block edges are smoothed in keyframes only, and
small pictures made of those only: those between them have drifted, which at constant bitrate looks like a change."""
FRESH = timedelta(seconds=5)
"""An open gate closes only if somebody looked at a frame this young."""


@dataclass(slots=True)
class Counts:
    """Since the stream began.

    Attributes:
        decoded: Pictures that came out of FFmpeg's decoders.
        errors: Packets that could not be decoded.
        dropped: Frames that nobody took.
        width: Of the latest picture, pixels; 0 before the first.
        height: As above.
    """

    decoded: int = 0
    errors: int = 0
    dropped: int = 0
    width: int = 0
    height: int = 0


class Eye:
    """One session of one stream.

    `on_frame` answers false when it has no room (see Frame.catch_up); `on_quiet` is told up to when nothing
    changed in the picture; `on_glance` gets about one small picture a GOP. A gate that begins quiet is opened once
    when `may_begin` lets it; until then a change opens it, and its first keyframe is a frame.
    """

    def __init__(
        self,
        device: str,
        info: StreamInfo,
        *,
        fps: float,
        gate: Gate,
        ring: Ring,
        on_frame: Callable[[Frame], bool],
        on_glance: Callable[[Glance], None] | None = None,
        on_quiet: Callable[[datetime], None] | None = None,
        may_begin: Callable[[datetime], bool] | None = None,
    ) -> None:
        self._device = device
        self._info = info
        self._fps = self._pace = fps
        self._gate = gate
        self._ring = ring
        self._on_frame = on_frame
        self._on_glance = on_glance
        self._on_quiet = on_quiet
        self._peek = Peek(info)
        self._sampler: Sampler | None = Sampler(device, info, fps) if gate.open else None
        self._may_begin = None if gate.began else may_begin
        self._decodable = gate.open
        self._waiting: deque[Packet] = deque()
        self._offered: Frame | None = None
        self._handed = -1.0
        self._opened_at: datetime | None = None
        self._glimpsed = (
            self._keyframed
        ) = -inf  # media times of the latest small pictures, and of a keyframe's
        self._checked = 0.0 if gate.open else -CHECK
        self._clear_at: datetime | None = None
        self._hold_until: datetime | None = None
        self._looked_at: datetime | None = None
        self.counts = Counts()

    @property
    def open(self) -> bool:
        """Whether the gate is open."""
        return self._gate.open

    @property
    def spare(self) -> float:
        """Seconds from the latest packet on in which nobody waits for a further one; infinite while quiet."""
        if not self._gate.open:
            return inf
        if self._sampler is None or self._waiting or self._offered is not None:
            return 0.0
        return max(self._sampler.wait - AHEAD, 0.0)

    @property
    def holds_decoder(self) -> bool:
        """Whether a decoder is open between two packets."""
        return self._sampler is not None or self._peek.holds_decoder

    def hold(self, until: datetime) -> None:
        """Be open until then: something is followed. May be called from any thread."""
        if self._hold_until is None or until > self._hold_until:
            self._hold_until = until

    def watch(self, mask: Mask | None) -> None:
        """As of the gate. From any thread."""
        self._gate.watch(mask)

    def pace(self, fps: float) -> None:
        """Hand on no more than so many pictures a second; while it catches up, all. From any thread."""
        self._pace = min(fps, self._fps)

    def looked(self, at: datetime | None) -> None:
        """A frame of that time was looked at; None: nothing that was seen before counts. From any thread."""
        self._looked_at = at

    def feed(self, packet: Packet) -> None:
        """One more packet, which is in the ring already."""
        if not self._gate.open:
            self._quiet(packet)
        else:
            self._waiting.append(packet)
        if self._gate.open:
            self._decode(packet.at)

    # -- quiet -----------------------------------------------------------------------------------------

    def _quiet(self, packet: Packet) -> None:
        self._decodable = self._decodable or packet.keyframe
        if not self._decodable:  # the first keyframe of a session that begins quiet is still to come
            return
        at = packet.pts * packet.time_base
        due = self._gate.due(at, len(packet.data), keyframe=packet.keyframe)
        if self._followed(packet.at):
            self._gate.wake()
        elif due or packet.keyframe:
            self._look(packet, at, due)
        if self._gate.open or (packet.keyframe and self._begins(packet.at)):
            self._open(packet)

    def _begins(self, now: datetime) -> bool:
        """Whether it is now opened that could not begin open."""
        if self._may_begin is None or not self._may_begin(now):
            return False
        self._gate.wake()
        return True

    def _look(self, packet: Packet, at: float, due: bool) -> None:
        if not due:  # a keyframe soon after the latest look, or of a GOP as usual
            self._peek.forget()
            if self._gate.passed_over:
                self._unchanged(packet.at)
            return
        peek, errors, decoded = self._peek, self._peek.errors, self._peek.decoded
        frame = peek.keyframe(packet) if packet.keyframe else peek.forward(self._ring.latest_gop())
        self.counts.errors += peek.errors - errors
        self.counts.decoded += peek.decoded - decoded
        if frame is None:
            self._gate.wake()  # blind: open, so that whatever can be decoded is
            return
        grey = small(frame)
        if packet.keyframe and self._on_glance is not None:
            self._on_glance(Glance(self._device, at, packet.at, grey))
        if self._gate.look(at, grey):
            return
        self._unchanged(packet.at)
        if packet.keyframe and at - self._checked >= CHECK:
            self._checked = at
            self._hand(Frame(self._device, at, packet.at, Planes(frame), check=True))

    def _unchanged(self, at: datetime) -> None:
        clear, self._clear_at = self._clear_at, at
        if clear is not None and self._on_quiet is not None and self._may_begin is None:
            self._on_quiet(clear)

    # -- open ------------------------------------------------------------------------------------------

    def _open(self, packet: Packet) -> None:
        """Go back to the keyframe before the last clear look; frames begin where none was handed on."""
        self._may_begin = None
        since = max(self._gate.clear_at, self._handed + 0.5 / self._fps)
        self._peek.forget()
        clear = self._gate.clear_at
        # Below 0 nothing of this session was looked at, and the ring may hold an earlier one.
        seen = self._ring.latest_gop() if clear < 0 else self._ring.since(round(clear / packet.time_base))
        self._waiting = deque(seen)
        self._sampler = Sampler(self._device, self._info, self._fps, since=since)
        self._offered = None
        self._opened_at = packet.at

    def _decode(self, now: datetime) -> None:
        late = self._opened_at is None or now - self._opened_at >= PATIENCE
        for _ in range(BURST):
            if self._offered is not None and not self._offer(late):
                return
            if not self._waiting or self._sampler is None:
                return
            self._step(self._sampler, self._waiting.popleft())

    def _step(self, sampler: Sampler, packet: Packet) -> None:
        errors, decoded = sampler.errors, sampler.decoded
        sampler.pace(self._fps if self._waiting else self._pace)
        often = 0 < self._gate.gop <= OFTEN
        sampler.smoothing = "keyframes" if often and self._followed(packet.at) else "all"
        frame = sampler.feed(packet)
        self.counts.errors += sampler.errors - errors
        self.counts.decoded += sampler.decoded - decoded
        if frame is not None:
            if self._waiting:
                self._offered = replace(frame, catch_up=True)
            else:
                self._hand(frame)
        at = packet.pts * packet.time_base
        due = self._gate.due(at, len(packet.data), keyframe=packet.keyframe)
        if sampler.decoded == decoded or sampler.newest is None:
            return
        shown, media, arrived = sampler.newest
        self.counts.width, self.counts.height = shown.width, shown.height
        held = bool(self._waiting) or self._offered is not None or self._held(arrived)
        if shown.key_frame:
            due = media - self._keyframed >= KEYFRAME_EVERY
        elif sampler.drifts:
            due = False
        elif held:
            due = media - self._glimpsed >= HELD_EVERY
        if due:
            self._glimpse(shown, media, arrived, held=held)

    def _glimpse(self, shown: VideoFrame, media: float, arrived: datetime, *, held: bool) -> None:
        self._glimpsed = media
        grey = small(shown)
        if shown.key_frame:
            self._keyframed = media
            if self._on_glance is not None:
                self._on_glance(Glance(self._device, media, arrived, grey))
        if not self._gate.look(media, grey, held=held):
            self._sampler = None
            self._checked, self._clear_at = media, None

    def _followed(self, now: datetime) -> bool:
        return self._hold_until is not None and now < self._hold_until

    def _held(self, now: datetime) -> bool:
        if self._followed(now):
            return True
        return self._looked_at is None or now - self._looked_at > FRESH

    # -- handing on ------------------------------------------------------------------------------------

    def _offer(self, late: bool) -> bool:
        """Hand on the frame that waits; false while there is no room for it."""
        frame = self._offered
        if frame is None:
            return True
        if late:
            self._offered = None
            self._hand(replace(frame, catch_up=False))
            return True
        if not self._on_frame(frame):
            return False
        self._offered, self._handed = None, frame.pts
        return True

    def _hand(self, frame: Frame) -> None:
        self._handed = frame.pts
        if not self._on_frame(frame):
            self.counts.dropped += 1
