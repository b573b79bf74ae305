"""Camera: the handler of one stream: owns start, stop, retry, back-off, ring and health.

One thread reads, keeps packets in the ring and gives them to the Eye, which decodes what somebody must see; what
is called back is called from that thread and must not block. The gate closes only while somebody says with
looked() that frames are looked at, and nobody asks with hold() that it stay open.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import av
from av.video.stream import VideoStream

from ingest.errors import EvidenceNone
from ingest.frame import Frame
from ingest.glance import Glance
from ingest.packet import Packet
from ingest.video.change import Mask
from ingest.video.decode import still
from ingest.video.eye import Eye
from ingest.video.gate import Gate
from ingest.video.health import SILENCE, CameraHealth, CameraState, judge
from ingest.video.keep import keep_reading
from ingest.video.original import Original
from ingest.video.rate import Rate
from ingest.video.remux import remux
from ingest.video.ring import Ring
from ingest.video.sender_clock import sender_offset
from ingest.video.stream import StreamInfo, Transport

log = logging.getLogger(__name__)

NAP = 0.2
"""Seconds by which packets that nobody waits for may come late, at most: one wake-up handles several."""

ABOUT_A_GOP = timedelta(seconds=3)
"""By which the keyframes of a camera's two streams may lie apart."""

GateMode = Literal["auto", "open"]
"""`open` pins the gate open: every picture is decoded."""


def _words(state: CameraState, reason: str | None, said: str) -> str:
    """The reason in words; empty when online."""
    if state == "online":
        return ""
    if state == "degraded":
        return "packets come, but no picture can be made of them"
    if state == "unknown":
        return "connecting"
    return said or f"no packet for {SILENCE.total_seconds():.0f} s ({reason})"


class Camera:
    """One camera. `url` may carry user and password; nothing that leaves this object does."""

    def __init__(
        self,
        device: str,
        url: str,
        *,
        fps: float,
        on_frame: Callable[[Frame], bool],
        clock: Callable[[], datetime],
        transport: Transport = "tcp",
        ring_seconds: float = 12.0,
        ring_bytes: int = 32_000_000,
        original: Original | None = None,
        on_glance: Callable[[Glance], None] | None = None,
        on_quiet: Callable[[datetime], None] | None = None,
        gate: GateMode = "auto",
        max_blind: float = 4.0,
        may_begin: Callable[[datetime], bool] | None = None,
    ) -> None:
        self.device = device
        self._url = url
        self._fps = self._pace = fps
        self._on_frame = on_frame
        self._on_glance = on_glance
        self._on_quiet = on_quiet
        self._gate: GateMode = gate
        self._max_blind = max_blind
        self._may_begin = may_begin
        self._known: Gate | None = None
        self._mask: Mask | None = None
        self._taps: tuple[Callable[[Packet], None], ...] = ()
        self._clock = clock
        self._transport = transport
        self._ring = Ring(ring_seconds, ring_bytes)
        self._original = original
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._info: StreamInfo | None = None
        self._eye: Eye | None = None
        self._counted = 0, 0, 0  # decoded, errors, dropped
        self._hold_until: datetime | None = None
        self._quiet_at: datetime | None = None
        self._started_at = clock()
        self._online_since: datetime | None = None
        self._last_packet_at: datetime | None = None
        self._last_picture_at: datetime | None = None
        self._clock_offset: float | None = None
        self._failure: tuple[str, datetime] | None = None
        self._message = ""
        self._received = self._decoded = self._dropped = self._undecodable = self._sessions = 0
        self._received_rate, self._decoded_rate = Rate(), Rate()

    def start(self) -> None:
        """Begin to read; returns at once."""
        if self._thread is not None:
            raise RuntimeError(f"{self.device} was started before")
        self._thread = threading.Thread(target=self._run, name=f"camera-{self.device}", daemon=True)
        self._thread.start()
        if self._original is not None:
            self._original.start()

    def ask_stop(self) -> None:
        """Let the thread end at its next packet or timeout; returns at once."""
        self._stop.set()
        if self._original is not None:
            self._original.ask_stop()

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread; false when it did not end within `timeout` seconds (it will at its own timeout)."""
        self.ask_stop()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        ended = self._original is None or self._original.stop(timeout)
        return ended and not self._thread.is_alive()

    def _run(self) -> None:
        keep_reading(
            self.device,
            self._url,
            transport=self._transport,
            on_stream=self.begin,
            on_packet=self._arrive,
            on_failure=self._fail,
            stop=self._stop,
            clock=self._clock,
            nap=self._nap,
        )
        self._eye = None

    def _nap(self) -> float:
        """By how many seconds packets may come late now."""
        eye = self._eye
        return 0.0 if eye is None or self._taps else min(eye.spare, NAP)

    def begin(self, info: StreamInfo) -> None:
        """A session of the stream begins; from the thread that will take() its packets."""
        with self._lock:
            if self._info is not None and not self._info.same_coding(info):
                self._ring.clear()
                self._known = None
            self._info = info
            self._clock_offset = None
            self._sessions += 1
        gate = self._new_gate()
        eye = Eye(
            self.device,
            info,
            fps=self._fps,
            gate=gate,
            ring=self._ring,
            on_frame=self._on_frame,
            on_glance=self._on_glance,
            on_quiet=self._on_quiet,
            may_begin=self._may_begin,
        )
        with self._lock:
            self._eye, self._counted = eye, (0, 0, 0)
            eye.pace(self._pace)
            if self._hold_until is not None:
                eye.hold(self._hold_until)
        log.info("camera %s: %s %dx%d", self.device, info.codec, info.width, info.height)

    def _new_gate(self) -> Gate:
        """The gate of a new session: that of the session before, if it was quiet."""
        gate, pinned = self._known, self._gate == "open"
        if gate is not None and not gate.open:
            gate.again()
        else:
            late = not pinned and self._may_begin is not None and not self._may_begin(self._clock())
            gate = self._known = Gate(max_blind=self._max_blind, pinned=pinned, quiet=late)
        gate.watch(self._mask)
        return gate

    def _arrive(self, packet: Packet, raw: av.Packet[VideoStream]) -> None:
        offset = sender_offset(raw, packet.at)
        if offset is not None:
            with self._lock:
                self._clock_offset = offset
        self.take(packet)

    def take(self, packet: Packet) -> None:
        """The next packet."""
        with self._lock:
            if self._last_packet_at is None or packet.at - self._last_packet_at >= SILENCE:
                self._online_since = packet.at
            self._last_packet_at = packet.at
            self._failure = None
            self._received += 1
            self._received_rate.add(packet.at)
        self._ring.add(packet)
        for listener in self._taps:
            listener(packet)
        self._look(packet)

    def _look(self, packet: Packet) -> None:
        """Let the eye see it, and take over what it counted."""
        eye = self._eye
        if eye is None:
            return
        eye.feed(packet)
        if not eye.open:
            self._quiet_at = packet.at
        after = eye.counts
        counted = after.decoded, after.errors, after.dropped
        if counted == self._counted:
            return
        decoded, errors, dropped = self._counted
        self._counted = counted
        pictures = after.decoded - decoded
        with self._lock:
            self._undecodable += after.errors - errors
            self._dropped += after.dropped - dropped
            self._decoded += pictures
            if after.width and self._info is not None and not self._info.width:
                # the camera did not say before its first keyframe
                self._info = replace(self._info, width=after.width, height=after.height)
            if pictures:
                self._last_picture_at = packet.at
                self._decoded_rate.add(packet.at, pictures)

    def hold(self, until: datetime) -> None:
        """Keep the gate open until then, or open it: something is followed. From any thread."""
        with self._lock:
            if self._hold_until is None or until > self._hold_until:
                self._hold_until = until
            if self._eye is not None:
                self._eye.hold(until)

    def pace(self, fps: float) -> None:
        """Hand on at most so many pictures a second from now on: nobody has time for more. From any thread."""
        with self._lock:
            self._pace = fps
            if self._eye is not None:
                self._eye.pace(fps)

    def watch(self, mask: Mask | None) -> None:
        """Let only changes inside `mask` (90, 160) open the gate; None: everywhere. From any thread."""
        with self._lock:
            self._mask = mask
            if self._eye is not None:
                self._eye.watch(mask)

    def looked(self, at: datetime | None) -> None:
        """A frame of that time was looked at. None: what was seen before does not count. From any thread."""
        eye = self._eye
        if eye is not None:
            eye.looked(at)

    def _fail(self, reason: str, message: str) -> None:
        self._eye = None  # its session is over, and so is its decoder
        with self._lock:
            new = self._failure is None or self._failure[0] != reason
            if new:
                self._failure = (reason, self._clock())
                self._message = message
        if new:  # once per cause, not once per attempt
            log.warning("camera %s: %s (%s), trying again", self.device, message, reason)

    def health(self, now: datetime) -> CameraHealth:
        """What is known at `now`."""
        with self._lock:
            state, reason, since = judge(
                now,
                started_at=self._started_at,
                online_since=self._online_since,
                last_packet_at=self._last_packet_at,
                last_picture_at=self._last_picture_at,
                failure=self._failure,
            )
            info = self._info
            return CameraHealth(
                state=state,
                reason=reason,
                message=_words(state, reason, self._message if self._failure else ""),
                since=since,
                last_packet_at=self._last_packet_at,
                received=self._received,
                decoded=self._decoded,
                dropped=self._dropped,
                undecodable=self._undecodable,
                received_fps=self._received_rate.per_second(now),
                decoded_fps=self._decoded_rate.per_second(now),
                codec=info.codec if info else "",
                width=info.width if info else 0,
                height=info.height if info else 0,
                reconnects=max(0, self._sessions - 1),
                clock_offset=self._clock_offset,
                gate="open" if self._eye is None or self._eye.open else "quiet",
                quiet_at=self._quiet_at,
            )

    @property
    def info(self) -> StreamInfo | None:
        """What the camera said about its video; None before the first stream."""
        with self._lock:
            return self._info

    def tap(self, listener: Callable[[Packet], None]) -> Callable[[], None]:
        """Hand every packet to `listener` from now on; what comes back takes it off again (twice is fine).

        The listener is called on the reader's thread, after the packet is in the ring: it must not block.
        """
        with self._lock:
            self._taps = (*self._taps, listener)

        def off() -> None:
            with self._lock:
                self._taps = tuple(each for each in self._taps if each is not listener)

        return off

    def recent_gop(self) -> tuple[Packet, ...]:
        """The newest keyframe and what came after it; empty before the first."""
        return self._ring.latest_gop()

    def original_away(self, now: datetime) -> str | None:
        """Why the main stream, kept beside the analysed one, has been away for 10 s; None while all is well."""
        return self._original.away(now) if self._original is not None else None

    def latest_keyframe(self) -> Frame | None:
        """The newest keyframe as a picture (its decoder lives only for it); None before the first."""
        with self._lock:
            info = self._info
        return still(self.device, info, self._ring.latest_gop()[:1]) if info else None

    def keep(self, since: datetime, until: datetime) -> None:
        """Let no packet go that came at `since` or later, before `until` is there (as far as bytes allow)."""
        self._ring.keep(since, until)
        if self._original is not None:
            self._original.keep(since, until)

    def clip(self, start: datetime, end: datetime) -> bytes:
        """MP4 of the camera's own packets from the keyframe before `start` to `end`; raises EvidenceNone.

        Of the main stream where one is kept; of the analysed one where that reaches clearly further back.
        """
        with self._lock:
            info = self._info
        packets = self._ring.window(start, end)
        main = self._original.window(start, end) if self._original is not None else None
        if main is not None and (not packets or main[1][0].at <= max(start, packets[0].at + ABOUT_A_GOP)):
            info, packets = main
        if info is None or not packets:
            raise EvidenceNone("nothing of that time is kept", where=self.device)
        return remux(info, packets)
