"""Decoder, sampler, stills and remuxing on real coded pictures from a file."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.errors import CameraUnreachable, EvidenceNone
from ingest.packet import Packet
from ingest.video.decode import Decoder, Sampler, still
from ingest.video.remux import remux
from ingest.video.stream import StreamInfo
from tests.servers.clips import raw_clip

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
Coded = tuple[StreamInfo, tuple[Packet, ...]]


@pytest.fixture(scope="module", params=["h264", "h265"])
def coded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Coded:
    """4 s of 320×240 at 25 fps, a keyframe a second, as a camera would send it."""
    suffix = str(request.param)
    clip: Path = raw_clip(tmp_path_factory.mktemp("coded") / f"c.{suffix}", seconds=4)
    with av.open(str(clip), format="hevc" if suffix == "h265" else "h264") as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        info = StreamInfo(
            context.name, context.width, context.height, 1 / 90000, bytes(context.extradata or b"")
        )
        packets = tuple(
            Packet(
                bytes(raw), i * 3600, i * 3600, 1 / 90000, raw.is_keyframe, START + timedelta(seconds=i / 25)
            )
            for i, raw in enumerate(raw for raw in container.demux(stream) if raw.size)
        )
    return info, packets


def test_every_packet_becomes_a_picture(coded: Coded) -> None:
    """One decoder, one thread: 100 packets, 100 pictures with the arrival times of their packets."""
    info, packets = coded
    decoder = Decoder(info)
    frames = [found for packet in packets for found in decoder.feed(packet)]
    assert len(frames) + len(decoder.drain(packets[-1].at)) == len(packets)
    assert [at for _, at in frames[:3]] == [packet.at for packet in packets[:3]]
    assert decoder.errors == 0


def test_garbage_between_packets_is_counted_and_passed_over(coded: Coded) -> None:
    """Broken data gives no picture and no exception; the next keyframe gives pictures again."""
    info, packets = coded
    decoder = Decoder(info)
    sampler = Sampler("cam", info, 25)
    for i, packet in enumerate(packets):
        broken = Packet(
            bytes(len(packet.data)), packet.pts, packet.dts, packet.time_base, packet.keyframe, packet.at
        )
        decoder.feed(broken if 10 <= i < 60 else packet)
        sampler.feed(broken if 10 <= i < 60 else packet)
    assert decoder.errors > 0
    assert sampler.errors > 0
    assert sampler.decoded >= 10 + 25


def test_the_sampler_hands_on_the_wanted_rate(coded: Coded) -> None:
    """5 of 25 pictures a second are handed on, evenly, in BGR and the camera's size."""
    info, packets = coded
    sampler = Sampler("cam", info, 5)
    frames = [frame for frame in map(sampler.feed, packets) if frame is not None]
    assert 18 <= len(frames) <= 21
    gaps = [b.pts - a.pts for a, b in pairwise(frames)]
    assert all(0.1 < gap < 0.31 for gap in gaps)
    assert frames[0].image.shape == (240, 320, 3)
    assert frames[0].device == "cam"


def test_smoothing_of_keyframes_only_begins_with_the_next_one(coded: Coded) -> None:
    """No picture is lost at the change; keyframes stay what was sent, those between them come near it."""
    info, packets = coded
    whole, rough = Sampler("cam", info, 25), Sampler("cam", info, 25)
    sent = [frame for frame in map(whole.feed, packets) if frame is not None]
    seen = []
    for number, packet in enumerate(packets):
        rough.smoothing = "keyframes" if number >= 30 else "all"
        assert rough.drifts == (number > 50), "from the keyframe after it was wanted on"
        if (frame := rough.feed(packet)) is not None:
            seen.append(frame)
    assert [frame.at for frame in seen] == [frame.at for frame in sent]
    apart = {
        a.at: float(np.abs(a.image.astype(int) - b.image.astype(int)).mean())
        for a, b in zip(seen, sent, strict=True)
    }
    assert all(far == 0 for at, far in apart.items() if at < packets[50].at), "until then nothing is left out"
    assert apart[packets[50].at] == apart[packets[75].at] == 0, "keyframes are whole"
    assert 0 < max(apart.values()) < 6, "levels of 255"


def test_the_sampler_waits_for_a_keyframe(coded: Coded) -> None:
    """Joining in the middle of a GOP shows nothing before the next keyframe."""
    info, packets = coded
    sampler = Sampler("cam", info, 25)
    assert [sampler.feed(packet) for packet in packets[5:25]] == [None] * 20
    assert sampler.feed(packets[25]) is not None or sampler.feed(packets[26]) is not None


def test_a_still_is_the_keyframe(coded: Coded) -> None:
    """One packet and a decoder that lives only for it give the picture; broken ones give None."""
    info, packets = coded
    frame = still("cam", info, packets[:1])
    assert frame is not None
    assert frame.image.shape == (240, 320, 3)
    assert frame.image.std() > 20  # the test picture, not grey
    assert still("cam", info, ()) is None
    assert still("cam", info, (Packet(b"\0" * 100, 0, 0, 1 / 90000, True, START),)) is None


def test_a_remuxed_clip_plays_and_holds_the_camera_s_own_bits(coded: Coded) -> None:
    """The MP4 starts at 0, has every picture, its index in front, and decodes without an error."""
    info, packets = coded
    content = remux(info, packets[25:75])
    assert 0 < content.find(b"moov") < content.find(b"mdat")
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert (stream.codec_context.name, stream.codec_context.width) == (info.codec, 320)
    assert len(frames) == 50
    assert frames[0].pts == 0
    assert float(frames[-1].time or 0) == pytest.approx(49 / 25, abs=0.05)


def test_a_clip_over_a_reconnect_plays(coded: Coded) -> None:
    """Stamps that start over in the middle are put on one line."""
    info, packets = coded
    again = tuple(
        Packet(p.data, p.pts, p.dts, p.time_base, p.keyframe, p.at + timedelta(seconds=10)) for p in packets
    )
    with av.open(io.BytesIO(remux(info, packets[:50] + again[:50])), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 100


def test_nothing_to_remux_is_said() -> None:
    """No packets and a codec that MP4 cannot hold are EvidenceNone, not an exception of the library."""
    info = StreamInfo("h264", 320, 240, 1 / 90000, b"")
    with pytest.raises(EvidenceNone):
        remux(info, ())
    with pytest.raises(EvidenceNone):
        remux(
            StreamInfo("no-such-codec", 320, 240, 1 / 90000, b""),
            (Packet(b"x", 0, 0, 1 / 90000, True, START),),
        )


def test_a_codec_that_nobody_can_decode_is_no_video() -> None:
    """A clear reason instead of the library's exception."""
    with pytest.raises(CameraUnreachable) as caught:
        Decoder(StreamInfo("no-such-codec", 0, 0, 1 / 90000, b""))
    assert caught.value.reason == "no-video"
