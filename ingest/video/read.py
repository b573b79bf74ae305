"""Read: one blocking run over a camera's stream, without retry and without timer.

    av.open ──▶ on_stream(StreamInfo) ──▶ on_packet(Packet, av.Packet) … ──▶ returns (stop) or raises

Who is content with packets a little late (`nap`) is woken for several at once: between them the thread sleeps and the
kernel's buffer fills. Such packets are stamped as they came, not as they were taken.

Reasons of CameraUnreachable: refused, timeout, not-rtsp, unauthorized, login-unknown, not-found, no-video, garbage.
Reasons of StreamEnded: ended, timeout, garbage. No error carries the user or password of the URL.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from ingest.errors import CameraUnreachable, StreamEnded
from ingest.packet import Packet
from ingest.video.address import is_camera_url, shown
from ingest.video.arrival import Arrival, Lateness
from ingest.video.diagnose import diagnose, refused_login
from ingest.video.doubt import Doubt
from ingest.video.stream import StreamInfo, Transport
from ingest.video.timeline import Timeline

PROBE = {"probesize": "100000", "analyzeduration": "500000"}
"""Bytes and microseconds spent on finding out what is sent; FFmpeg's defaults take up to 5 s."""
FIRST_PACKET = 12.0
"""Seconds from the begin of the attempt until the first packet: a server may wait for its next keyframe."""
DEAR = 0.05
"""Seconds of processor time that opening may take when nothing came of it: waiting costs a tenth of it."""
UDP_BUFFER = "1048576"
"""Bytes asked of the kernel: a keyframe arrives as one burst."""
WAITED = 0.001
"""Seconds of waiting for a packet from which on nothing else lay ready."""

LATE = 0.1
"""Seconds by which a packet may be late for the reader to sleep: on a busy machine it waited, but not for a packet."""


def awake() -> float:
    """Every packet at once."""
    return 0.0


def now() -> datetime:
    """The wall clock; packets are stamped here, at the edge."""
    return datetime.now(UTC)


def read(
    url: str,
    *,
    on_stream: Callable[[StreamInfo], None],
    on_packet: Callable[[Packet, av.Packet[VideoStream]], None],
    stop: Callable[[], bool],
    transport: Transport = "tcp",
    open_timeout: float = 5.0,
    read_timeout: float = 5.0,
    clock: Callable[[], datetime] = now,
    nap: Callable[[], float] = awake,
) -> None:
    """Hand on every packet until `stop()` is true.

    The packets' pts and dts are put on one Timeline (see there); the av.Packet carries the same. `nap()` says by
    how many seconds packets may come late now; over UDP, where what finds no room is lost, it is not asked.
    Raises CameraUnreachable when the stream cannot be opened and StreamEnded when it stops coming;
    both within the timeouts (seconds).
    """
    began = time.monotonic()
    container = _open(url, transport, open_timeout, read_timeout)
    try:
        stream = container.streams.video[0]
        context = stream.codec_context
        time_base = float(stream.time_base or 1 / 90000)
        on_stream(
            StreamInfo(
                codec=context.name,
                width=context.width,
                height=context.height,
                time_base=time_base,
                extradata=bytes(context.extradata or b""),
            )
        )
        timeline = Timeline(time_base)
        arrival, lateness = Arrival(time_base, clock), Lateness()
        asked = heard = time.monotonic()
        doubt = Doubt(context.name, heard)
        some = False
        try:
            for raw in _packets(container, stream, until=began + FIRST_PACKET):
                if stop():
                    return
                if raw.size == 0:  # the demuxer's end mark
                    continue
                # At its timeout FFmpeg first gives out the packet it held back: that is no sign of life.
                before, heard = heard, time.monotonic()
                if some and heard - before >= read_timeout * 0.95:
                    raise StreamEnded(f"no packet for {read_timeout:g} s", reason="timeout", where=shown(url))
                some = True
                data = bytes(raw)
                why = doubt.about(data, keyframe=raw.is_keyframe, now=heard)
                if why is not None:
                    raise StreamEnded(why, reason="garbage", where=shown(url))
                waited = heard - asked >= WAITED
                at = arrival.of(raw.dts, waited=waited)
                raw.pts, raw.dts = timeline.place(raw.pts, raw.dts, at, raw.duration or 0)
                on_packet(Packet(data, raw.pts, raw.dts, time_base, raw.is_keyframe, at), raw)
                late = lateness.of(heard, raw.dts * time_base)
                if waited and late <= LATE and transport == "tcp" and (seconds := nap()) > 0:
                    arrival.napped = True
                    time.sleep(seconds)
                asked = time.monotonic()
        except av.error.FFmpegError as wrong:
            raise _ended(url, wrong, read_timeout) from None  # the cause's text carries the password
    finally:
        container.close()
    if not stop():
        raise StreamEnded("the camera ended the stream", reason="ended", where=shown(url))


def _packets(
    container: InputContainer, stream: VideoStream, *, until: float
) -> Iterator[av.Packet[VideoStream]]:
    """What the demuxer gives; a timeout before the first packet is forgiven `until` (monotonic)."""
    first = True
    while True:
        try:
            for raw in container.demux(stream):
                first = first and raw.size == 0
                yield raw
        except (av.error.ExitError, TimeoutError):
            if not first or time.monotonic() >= until:
                raise
        else:
            return


def _open(url: str, transport: Transport, open_timeout: float, read_timeout: float) -> InputContainer:
    where = shown(url)
    if not is_camera_url(url):
        raise CameraUnreachable(
            "this is not an RTSP address",
            reason="not-rtsp",
            where=where,
            mend="write rtsp://host:port/path",
        )
    options = {
        "rtsp_transport": transport,
        "timeout": str(int(open_timeout * 1_000_000)),
        "allowed_media_types": "video",
        "buffer_size": UDP_BUFFER,
        **PROBE,
    }
    started, spent = time.monotonic(), time.thread_time()
    try:
        container = av.open(url, options=options, timeout=(open_timeout, read_timeout))
    except av.error.FFmpegError as wrong:
        raise _unreachable(url, wrong, time.monotonic() - started, open_timeout) from None
    late = time.monotonic() - started >= open_timeout * 0.9
    if late and time.thread_time() - spent > DEAR:  # it was busy with something, and found no picture in it
        container.close()
        raise CameraUnreachable("plays, and sends what is no video", reason="garbage", where=where)
    if not container.streams.video:
        container.close()
        raise CameraUnreachable("the stream carries no video", reason="no-video", where=where)
    return container


def _unreachable(
    url: str, wrong: av.error.FFmpegError, elapsed: float, open_timeout: float
) -> CameraUnreachable:
    mend = None
    if isinstance(wrong, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        reason, message = refused_login(url)
        mend = "set user and password" if reason == "unauthorized" else "let the camera take Digest by MD5"
    elif isinstance(wrong, av.error.HTTPNotFoundError):
        reason, message, mend = "not-found", "the camera has no stream of this path", "check the path"
    elif isinstance(wrong, TimeoutError | av.error.ExitError) or elapsed >= open_timeout * 0.9:
        reason, message = "timeout", f"no answer within {open_timeout:g} s"
    elif isinstance(wrong, ConnectionRefusedError):
        reason, message, mend = "refused", "nothing listens there", "check host and port"
    elif isinstance(wrong, av.error.InvalidDataError):
        reason, message = diagnose(url)
    else:  # no such host, no route, a status that has no word of its own
        reason, message = "refused", (wrong.strerror or type(wrong).__name__).lower()
    return CameraUnreachable(message, reason=reason, where=shown(url), mend=mend)


def _ended(url: str, wrong: av.error.FFmpegError, read_timeout: float) -> StreamEnded:
    if isinstance(wrong, TimeoutError | av.error.ExitError):
        reason, message = "timeout", f"no packet for {read_timeout:g} s"
    elif isinstance(wrong, av.error.InvalidDataError):
        reason, message = "garbage", "what the camera sends cannot be read"
    else:
        reason, message = "ended", (wrong.strerror or type(wrong).__name__).lower()
    return StreamEnded(message, reason=reason, where=shown(url))
