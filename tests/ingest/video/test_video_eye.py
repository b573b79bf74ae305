"""Eye: coded pictures in, frames and glances out; a quiet camera decodes next to nothing and misses nothing."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.frame import Frame
from ingest.glance import Glance
from ingest.packet import Packet
from ingest.video.eye import CHECK, Eye
from ingest.video.gate import Gate
from ingest.video.ring import Ring
from ingest.video.stream import StreamInfo

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
WIDTH, HEIGHT, FPS = 320, 180, 25
COMES, GOES, ENDS = 12.6, 15.0, 40.0
"""Seconds: when somebody comes in, leaves, and the clip ends."""


def pictures() -> bytes:
    """A noisy empty room through which somebody walks, BGR."""
    random = np.random.default_rng(5)
    room = np.kron(random.integers(40, 200, (9, 16, 3)), np.ones((20, 20, 1))).astype(np.int16)
    grains = [random.normal(0, 2, room.shape).astype(np.int16) for _ in range(5)]
    out: list[NDArray[np.uint8]] = []
    for i in range(round(ENDS * FPS)):
        picture = room + grains[i % 5]
        at = i / FPS
        if COMES <= at < GOES:
            left = 20 + round((at - COMES) * 60)
            picture[90:130, left : left + 14] = (250, 20, 20)
        out.append(picture.clip(0, 255).astype(np.uint8))
    return b"".join(each.tobytes() for each in out)


@pytest.fixture(scope="module", params=[2, 10], ids=["gop-2", "gop-10"])
def coded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Packet]:
    """The clip at constant bitrate, as a camera would send it."""
    gop = str(int(request.param) * FPS)
    target: Path = tmp_path_factory.mktemp("eye") / "walk.h264"
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-"]
    rate = ["-b:v", "300k", "-maxrate", "300k", "-bufsize", "300k", "-g", gop, "-bf", "0"]
    code = ["-c:v", "libx264", "-preset", "veryfast", "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *raw, *code, *rate, str(target)],
        input=pictures(), check=True, timeout=120,
    )  # fmt: skip
    with av.open(str(target), format="h264") as container:
        raws = [each for each in container.demux(video=0) if each.size]
    tick = 1 / 90_000
    return [
        Packet(bytes(raw), i * 3600, i * 3600, tick, raw.is_keyframe, START + timedelta(seconds=i / FPS))
        for i, raw in enumerate(raws)
    ]


@dataclass
class Watcher:
    """Who looks at the frames: takes them when there is room, and says that it looked."""

    room: bool = True
    says: bool = True
    pinned: bool = False
    begins: bool | None = None
    gate: Gate = field(default_factory=Gate)
    frames: list[Frame] = field(default_factory=list)
    glances: list[Glance] = field(default_factory=list)
    quiet: list[datetime] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.ring = Ring(15)
        if self.pinned or self.begins is not None:
            self.gate = Gate(pinned=self.pinned, quiet=self.begins is not None)
        self.begin()

    def begin(self) -> None:
        self.eye = Eye(
            "cam",
            StreamInfo("h264", WIDTH, HEIGHT, 1 / 90_000, b""),
            fps=5,
            gate=self.gate,
            ring=self.ring,
            on_frame=self.take,
            on_glance=self.glances.append,
            on_quiet=self.quiet.append,
            may_begin=lambda _: bool(self.begins),
        )

    def take(self, frame: Frame) -> bool:
        if frame.catch_up and not self.room:
            self.refused += 1
            return False
        self.frames.append(frame)
        if self.says:
            self.eye.looked(frame.at)
        return True

    def is_open(self) -> bool:
        return self.eye.open

    def feed(self, packets: list[Packet]) -> None:
        for packet in packets:
            self.ring.add(packet)
            self.eye.feed(packet)

    def times(self) -> list[float]:
        return [round(frame.pts, 2) for frame in self.frames]


def until(coded: list[Packet], second: float) -> list[Packet]:
    return coded[: round(second * FPS)]


def test_quiet_it_holds_no_decoder_and_decodes_little(coded: list[Packet]) -> None:
    """After the calm at the beginning: a look every two seconds, no frame, and no decoder where GOPs are short."""
    watcher = Watcher()
    watcher.feed(until(coded, 6))
    decoded, frames = watcher.eye.counts.decoded, len(watcher.frames)
    assert not watcher.is_open()
    watcher.feed(until(coded, COMES)[6 * FPS :])
    keyframes = sum(packet.keyframe for packet in until(coded, COMES)[6 * FPS :])
    assert len(watcher.frames) == frames
    if keyframes > 1:  # with GOPs of 10 s it decodes on from the keyframe to be no longer blind than 2 s
        assert watcher.eye.counts.decoded - decoded == keyframes
        assert not watcher.eye.holds_decoder
    assert watcher.quiet == sorted(watcher.quiet)
    assert watcher.quiet


def test_who_comes_in_is_seen_from_the_first_picture_on(coded: list[Packet]) -> None:
    """The gate opens late and the frames begin before: the wanted rate, in order, none twice, none left out."""
    watcher = Watcher()
    watcher.feed(until(coded, 30))
    times = watcher.times()
    there = [at for at in times if COMES <= at < GOES]
    assert there[0] - COMES <= 0.25
    assert len(there) >= (GOES - COMES) * 5 - 1
    assert times == sorted(set(times))
    behind = [frame for frame in watcher.frames if frame.catch_up]
    assert behind
    assert behind[-1].pts - there[0] <= 2.5  # then it has caught up
    assert not watcher.is_open()  # and closed again, long after he left


def test_frames_that_find_no_room_are_offered_again(coded: list[Packet]) -> None:
    """While the receiver is full nothing is lost; when there is room again everything comes, in order."""
    eager, slow = Watcher(), Watcher()
    eager.feed(until(coded, 20))
    slow.feed(until(coded, COMES))
    slow.room = False
    slow.feed(until(coded, 16)[round(COMES * FPS) :])
    assert slow.refused > 0
    slow.room = True
    slow.feed(until(coded, 20)[16 * FPS :])
    assert slow.times() == eager.times()


def test_whoever_never_has_room_sees_the_newest_in_the_end(coded: list[Packet]) -> None:
    """Patience is bounded: after ten seconds the backlog is handed on like any other frames."""
    watcher = Watcher()
    watcher.feed(until(coded, COMES))
    watcher.room = False
    watcher.feed(until(coded, 30)[round(COMES * FPS) :])
    assert watcher.times()[-1] > 23


def test_a_hold_opens_it_and_keeps_it_open(coded: list[Packet]) -> None:
    """Somebody is followed who does not move."""
    watcher = Watcher()
    watcher.feed(until(coded, 8))
    assert not watcher.is_open()
    watcher.eye.hold(START + timedelta(seconds=30))
    watcher.feed(until(coded, 9)[8 * FPS :])
    assert watcher.is_open()
    watcher.feed(until(coded, 29)[9 * FPS :])
    assert watcher.is_open()
    watcher.feed(coded[29 * FPS :])
    assert not watcher.is_open()


def test_it_does_not_close_while_nobody_looks(coded: list[Packet]) -> None:
    """A model that is not loaded yet has said nothing about what stands there."""
    watcher = Watcher()
    watcher.feed(until(coded, 3))
    watcher.eye.looked(None)
    watcher.says = False
    watcher.feed(until(coded, COMES)[3 * FPS :])
    assert watcher.is_open()


def test_now_and_then_a_quiet_keyframe_is_a_frame(coded: list[Packet]) -> None:
    """What the gate thinks nothing, the model may know better."""
    watcher = Watcher()
    calm = until(coded, COMES - 0.6)
    watcher.feed(calm)
    watcher.frames.clear()
    later = [
        Packet(
            p.data,
            p.pts + 12 * 90_000,
            p.dts + 12 * 90_000,
            p.time_base,
            p.keyframe,
            p.at + timedelta(seconds=12),
        )
        for p in calm
    ]
    for round_ in range(6):
        shift = timedelta(seconds=12 * round_)
        watcher.feed(
            [
                Packet(
                    p.data,
                    p.pts + 12 * 90_000 * round_,
                    p.dts + 12 * 90_000 * round_,
                    p.time_base,
                    p.keyframe,
                    p.at + shift,
                )
                for p in later
            ]
        )
    assert not watcher.is_open()
    assert 1 <= len(watcher.frames) <= 84 / CHECK + 1
    assert all(frame.check for frame in watcher.frames), "nobody waited for them"
    assert watcher.frames[0].image.shape == (HEIGHT, WIDTH, 3)


def test_pinned_open_every_picture_is_decoded(coded: list[Packet]) -> None:
    """`gate: open`."""
    watcher = Watcher(pinned=True)
    watcher.feed(coded)
    assert watcher.is_open()
    assert watcher.eye.counts.decoded >= len(coded) - 3


def test_every_keyframe_is_glanced_at_open_or_quiet(coded: list[Packet]) -> None:
    """About one small grey picture a GOP."""
    watcher = Watcher()
    watcher.feed(coded)
    keyframes = [packet.pts / 90_000 for packet in coded if packet.keyframe]
    assert {each.pts for each in watcher.glances} >= set(keyframes[:-1])


def test_packets_may_gather_while_nobody_waits_for_one(coded: list[Packet]) -> None:
    """Quiet, always; open, from one picture that is wanted to shortly before the next; behind, never."""
    watcher = Watcher()
    watcher.feed(until(coded, 8))
    assert watcher.eye.spare == math.inf
    watcher.room = False
    watcher.feed(until(coded, COMES + 3)[8 * FPS :])
    assert watcher.is_open()
    assert watcher.eye.spare == 0.0
    watcher.room = True
    for packet in until(coded, COMES + 6)[round((COMES + 3) * FPS) :]:
        watcher.feed([packet])
    spare: list[float] = []
    for packet in until(coded, COMES + 7)[round((COMES + 6) * FPS) :]:
        watcher.feed([packet])
        spare.append(round(watcher.eye.spare, 2))
    assert sorted(set(spare)) == [0.02, 0.06, 0.1, 0.14, 0.18]


def test_what_is_followed_is_not_checked_for_movement_all_the_time(coded: list[Packet]) -> None:
    """Whatever the small pictures say, it stays open: its keyframes are enough, or one every two seconds."""
    watcher, looks = Watcher(), []
    look = watcher.gate.look

    def counted(at: float, grey: NDArray[np.uint8], *, held: bool = False) -> bool:
        looks.append(at)
        return look(at, grey, held=held)

    watcher.gate.look = counted  # type: ignore[method-assign] # to count the calls; the gate itself is real
    watcher.eye.hold(START + timedelta(seconds=30))
    watcher.feed(until(coded, 20))
    assert 9 <= len(looks) <= 12


def test_what_cannot_be_decoded_opens_it_and_is_counted(coded: list[Packet]) -> None:
    """Blind is not quiet."""
    watcher = Watcher()
    watcher.feed(until(coded, 6))
    broken = [
        Packet(bytes(len(p.data)), p.pts, p.dts, p.time_base, p.keyframe, p.at)
        for p in until(coded, 11)[6 * FPS :]
    ]
    watcher.feed(broken)
    assert watcher.is_open()
    assert watcher.eye.counts.errors > 0


def test_where_nobody_has_time_it_begins_quiet(coded: list[Packet]) -> None:
    """Its first keyframe is a frame, and it is not said that nothing came: nobody has looked properly yet."""
    watcher = Watcher(begins=False)
    watcher.feed(until(coded, COMES))
    assert not watcher.is_open()
    assert watcher.times() == [0.0]
    assert not watcher.quiet
    watcher.feed(until(coded, 30)[round(COMES * FPS) :])
    assert len([at for at in watcher.times() if COMES <= at < GOES]) >= (GOES - COMES) * 5 - 1


def test_and_is_opened_when_its_turn_comes(coded: list[Packet]) -> None:
    """At the next keyframe, from the look before it on; then it is as any other that began open."""
    watcher = Watcher(begins=False)
    watcher.feed(until(coded, 1.5))
    watcher.begins = True
    next_ = next(i for i, packet in enumerate(coded) if packet.keyframe and i > 1.5 * FPS)
    watcher.feed(coded[round(1.5 * FPS) : next_ + FPS])
    assert len(watcher.frames) > 5
    watcher.feed(coded[next_ + FPS :])
    assert not watcher.is_open()
    assert watcher.quiet


def again(watcher: Watcher, packets: list[Packet], *, begins: bool = True) -> Watcher:
    """The stream was away and comes back: its media time begins anew, with the same gate and ring."""
    watcher.gate.again()
    back = Watcher(gate=watcher.gate)
    back.begins = begins
    back.ring = watcher.ring
    first, later = packets[0].pts, timedelta(minutes=1)
    back.begin()
    back.feed(
        [Packet(p.data, p.pts - first, p.dts - first, p.time_base, p.keyframe, p.at + later) for p in packets]
    )
    return back


def test_a_stream_that_comes_back_goes_on_as_it_was(coded: list[Packet]) -> None:
    """What is known of the picture stays: where nothing changed no gate opens, and one frame is looked at."""
    watcher = Watcher()
    watcher.feed(until(coded, 10))
    assert not watcher.is_open()
    back = again(watcher, until(coded, COMES))
    assert not back.is_open()
    assert back.times() == [0.0]


def test_who_has_not_had_his_turn_keeps_it(coded: list[Packet]) -> None:
    """Away before it was its turn: it still waits for it when it comes back."""
    watcher = Watcher(begins=False)
    watcher.feed(until(coded, 3))
    back = again(watcher, until(coded, 11))
    assert len(back.frames) > 5


@pytest.mark.parametrize("coded", [2], indirect=True, ids=["gop-2"])
def test_who_came_in_while_it_was_away_is_seen(coded: list[Packet]) -> None:
    """The first picture is another than the last one was: it opens there, and not in what the ring still has."""
    watcher = Watcher()
    watcher.feed(until(coded, 10))
    begins = next(i for i, packet in enumerate(coded) if packet.keyframe and i > COMES * FPS)
    back = again(watcher, coded[begins:])
    assert back.times()[:5] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8], abs=0.05)
