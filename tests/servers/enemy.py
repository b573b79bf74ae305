"""Enemy: a camera that sends real video and misbehaves in one way while it does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.demo.clip import CLOCK, Clip, load, renumber
from tests.servers import nasty

Picture = tuple[tuple[bytes, ...], int]
"""RTP packets of one picture and their time stamp."""


def pictures(clip: Clip, rounds: int = 1_000_000) -> Iterator[Picture]:
    """The clip in a loop, with rising stamps."""
    for number in range(rounds):
        for unit in clip.units:
            yield unit.packets, number * clip.duration + unit.time


def camera(path: Path, course: Callable[[Clip], Iterator[Picture]]) -> nasty.Behaviour:
    """RTSP whose pictures are those of `course` at 25 a second; it hangs up at their end."""
    clip = load(path)
    sdp = f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n{clip.sdp}a=control:track1\r\n".encode()

    def act(line: socket.socket) -> None:
        number = 0
        due = time.monotonic()
        for packets, stamp in course(clip):
            for packet in packets:
                sent = renumber(packet, sequence=number, timestamp=stamp, source=7)
                line.sendall(b"$\0" + len(sent).to_bytes(2, "big") + sent)
                number += 1
            due += 0.04
            time.sleep(max(0.0, due - time.monotonic()))

    return nasty.playing(act, sdp=sdp)


def hangs_up(clip: Clip) -> Iterator[Picture]:
    """Two seconds, then the connection is closed."""
    yield from (picture for picture, _ in zip(pictures(clip), range(50), strict=False))


def goes_back(clip: Clip) -> Iterator[Picture]:
    """After two seconds the time stamps jump back by ten, and go on from there."""
    for number, (packets, stamp) in enumerate(pictures(clip)):
        yield packets, stamp + 20 * CLOCK - (10 * CLOCK if number >= 50 else 0)


def changes_to(other: Path) -> Callable[[Clip], Iterator[Picture]]:
    """After two seconds the pictures are those of another file."""
    second = load(other)

    def course(clip: Clip) -> Iterator[Picture]:
        for number, picture in enumerate(pictures(clip)):
            if number == 50:
                break
            yield picture
        for packets, stamp in pictures(second):
            yield packets, stamp + 2 * CLOCK

    return course


def turns_to_garbage() -> Callable[[Clip], Iterator[Picture]]:
    """Two seconds of video; from then on, in every session, each unit has the bit that no encoder sets."""
    turned: list[bool] = []

    def course(clip: Clip) -> Iterator[Picture]:
        for number, (packets, stamp) in enumerate(pictures(clip)):
            if number == 50:
                turned.append(True)
            bit = 0x80 if turned else 0
            yield tuple(packet[:12] + bytes([packet[12] | bit]) + packet[13:] for packet in packets), stamp

    return course
