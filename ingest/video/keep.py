"""Keep: one stream, read for as long as it is wanted: attempts, pauses and what each failure says.

    read ──▶ failed ──▶ pause ──▶ knock ──▶ read …

A camera that was away is opened by FFmpeg only when knock() says that video comes.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime

import av
from av.video.stream import VideoStream

from ingest.errors import Unavailable
from ingest.packet import Packet
from ingest.video.knock import knock
from ingest.video.read import awake, now, read
from ingest.video.retry import Retry
from ingest.video.stream import StreamInfo, Transport

log = logging.getLogger(__name__)


def keep_reading(
    name: str,
    url: str,
    *,
    on_stream: Callable[[StreamInfo], None],
    on_packet: Callable[[Packet, av.Packet[VideoStream]], None],
    on_failure: Callable[[str, str], None],
    stop: threading.Event,
    transport: Transport = "tcp",
    clock: Callable[[], datetime] = now,
    nap: Callable[[], float] = awake,
) -> None:
    """Read until `stop` is set; blocks, never raises.

    `nap()` is asked by how many seconds packets may come late, see read().
    `on_failure(reason, message)` is called after every attempt that failed, before its pause; `name` stands
    in the log, once for each new unexpected error.
    """
    retry = Retry()
    last: float | None = None
    failed = garbage = opened = False
    unexpected = ""

    def take(packet: Packet, raw: av.Packet[VideoStream]) -> None:
        nonlocal last, failed
        if packet.keyframe:  # what can never be decoded is no sign of life
            last = time.monotonic()
            failed = False
        on_packet(packet, raw)

    def begin(info: StreamInfo) -> None:
        nonlocal opened
        opened = True
        on_stream(info)

    while not stop.is_set():
        begun, spent = time.monotonic(), time.thread_time()
        reason, message = "ended", ""
        opened = False
        try:
            if failed and transport == "tcp":
                knock(url, strict=garbage, stop=stop.is_set)
                if stop.is_set():
                    return
            failed = True
            read(
                url,
                transport=transport,
                on_stream=begin,
                on_packet=take,
                stop=stop.is_set,
                clock=clock,
                nap=nap,
            )
        except Unavailable as wrong:
            reason, message = wrong.reason, wrong.message
        except Exception as wrong:  # a camera must not end its thread, whatever it sends
            reason = "garbage"
            message = f"what the camera sends cannot be read ({type(wrong).__name__})"
            if unexpected != repr(wrong):
                unexpected = repr(wrong)
                log.exception("camera %s: unexpected error", name)
        if stop.is_set():
            return
        on_failure(reason, message)
        delivered = not failed and reason != "garbage"
        garbage = reason == "garbage" or (not delivered and (opened or garbage))
        if delivered:
            retry.delivered()
        failed = True
        cost = 0.0 if delivered else time.thread_time() - spent
        ended = time.monotonic()
        pause = retry.failed(
            reason, cpu=cost, wall=ended - begun, away=None if last is None else ended - last
        )
        stop.wait(pause * random.uniform(0.8, 1.0))  # noqa: S311 - jitter, not a secret
