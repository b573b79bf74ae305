"""Clip: a video file cut into RTP packets once, so that serving it costs next to nothing.

FFmpeg's RTP muxer does the packetising; what differs between sessions (sequence, timestamp, source) is
written over the first twelve bytes at run time.
"""

from __future__ import annotations

import base64
import io
import struct
from dataclasses import dataclass
from pathlib import Path

import av

CLOCK = 90_000  # RTP ticks per second of video
_PACKET_SIZE = 1400  # bytes, RTP header included: fits an Ethernet frame
_CODECS = {"h264": "H264", "hevc": "H265", "mjpeg": "JPEG"}


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """The RTP packets of one picture.

    Attributes:
        due: When to send, in ticks since the clip's begin.
        time: RTP timestamp (presentation), in ticks since the clip's begin.
        first: Number of the first packet within the clip.
        keyframe: A client may begin here.
        packets: Whole RTP packets; sequence, timestamp and source are still the muxer's.
    """

    due: int
    time: int
    first: int
    keyframe: bool
    packets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """One file, ready to be sent in a loop.

    Attributes:
        codec: H264, H265 or JPEG (the RTP payload's name).
        sdp: The media part of its session description, without the control line.
        units: In sending order; the first is a keyframe.
        duration: Length of one round in ticks; the next round's first picture is due then.
        packets: Number of packets of one round.
        octets: Payload bytes of one round.
    """

    codec: str
    sdp: str
    units: tuple[AccessUnit, ...]
    duration: int
    packets: int
    octets: int


class _Sink(io.RawIOBase):
    """A file whose every write is one RTP packet."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # FFmpeg gives bytes, no other buffer
        self.packets.append(bytes(data))
        return len(data)


def load(path: Path) -> Clip:
    """Packetise the video of `path`; ValueError when it holds no H.264, H.265 or Motion JPEG with a keyframe."""
    sink = _Sink()
    units: list[AccessUnit] = []
    with av.open(str(path)) as source:
        if not source.streams.video or source.streams.video[0].codec.name not in _CODECS:
            raise ValueError(f"{path} holds no H.264, H.265 or Motion JPEG video")
        video = source.streams.video[0]
        codec = _CODECS[video.codec.name]
        extradata = bytes(video.codec_context.extradata or b"")
        rate = float(video.average_rate or 25)
        step = round(CLOCK / rate)
        options = {"packetsize": str(_PACKET_SIZE), "rtpflags": "skip_rtcp"}
        with av.open(sink, "w", format="rtp", container_options=options) as muxer:
            target = muxer.add_stream_from_template(video)
            first_dts: int | None = None
            number = 0
            for packet in source.demux(video):
                if not packet.size or not (units or packet.is_keyframe):
                    continue  # the flush at the end; and nothing can be decoded before the first keyframe
                keyframe = packet.is_keyframe
                if packet.dts is None or packet.pts is None or packet.time_base is None:
                    due = time = step * len(units)  # a raw stream: its rate is all there is
                    packet.pts = packet.dts = len(units)
                else:
                    first_dts = packet.dts if first_dts is None else first_dts
                    due = round((packet.dts - first_dts) * packet.time_base * CLOCK)
                    time = round((packet.pts - first_dts) * packet.time_base * CLOCK)
                packet.stream = target
                muxer.mux(packet)
                taken, sink.packets = tuple(sink.packets), []
                if taken:
                    units.append(AccessUnit(due, time, number, keyframe, taken))
                    number += len(taken)
    if not units:
        raise ValueError(f"{path} holds no keyframe")
    octets = sum(len(packet) - 12 for unit in units for packet in unit.packets)
    return Clip(
        codec=codec,
        sdp=_media_description(codec, extradata, rate),
        units=tuple(units),
        duration=units[-1].due + step,
        packets=number,
        octets=octets,
    )


def renumber(packet: bytes, *, sequence: int, timestamp: int, source: int) -> bytes:
    """`packet` with the twelve bytes of its header made new; the marker bit and payload type stay."""
    return packet[:2] + struct.pack(">HII", sequence & 0xFFFF, timestamp & 0xFFFFFFFF, source) + packet[12:]


def _media_description(codec: str, extradata: bytes, rate: float) -> str:
    if codec == "JPEG":  # its payload type is fixed and its packets describe themselves (RFC 2435)
        fixed = [
            "m=video 0 RTP/AVP 26",
            "c=IN IP4 0.0.0.0",
            f"a=rtpmap:26 JPEG/{CLOCK}",
            f"a=framerate:{rate:g}",
        ]
        return "".join(f"{line}\r\n" for line in fixed)
    sets = _parameter_sets(codec, extradata)
    encoded = {name: ",".join(base64.b64encode(each).decode() for each in sets[name]) for name in sets}
    if codec == "H264":
        profile = sets["sps"][0][1:4].hex().upper()
        fmtp = (
            f"packetization-mode=1;profile-level-id={profile};"
            f"sprop-parameter-sets={encoded['sps']},{encoded['pps']}"
        )
    else:
        fmtp = f"sprop-vps={encoded['vps']};sprop-sps={encoded['sps']};sprop-pps={encoded['pps']}"
    lines = (
        "m=video 0 RTP/AVP 96",
        "c=IN IP4 0.0.0.0",
        f"a=rtpmap:96 {codec}/{CLOCK}",
        f"a=fmtp:96 {fmtp}",
        f"a=framerate:{rate:g}",
    )
    return "".join(f"{line}\r\n" for line in lines)


def _parameter_sets(codec: str, extradata: bytes) -> dict[str, list[bytes]]:
    """The parameter sets of an avcC or hvcC record, or of Annex-B bytes, by name."""
    sets: dict[str, list[bytes]] = {"vps": [], "sps": [], "pps": []}
    if extradata[:1] != b"\x01":
        nals = [nal.strip(b"\x00") for nal in extradata.split(b"\x00\x00\x01")]
    elif codec == "H264":
        nals = _avcc(extradata)
    else:
        nals = _hvcc(extradata)
    for nal in nals:
        if nal:
            kind = nal[0] & 0x1F if codec == "H264" else (nal[0] >> 1) & 0x3F
            name = {7: "sps", 8: "pps", 32: "vps", 33: "sps", 34: "pps"}.get(kind)
            if name is not None:
                sets[name].append(nal)
    if not sets["sps"] or not sets["pps"]:
        raise ValueError("the file's header lacks its parameter sets")
    return sets


def _avcc(record: bytes) -> list[bytes]:
    nals, at = [], 6
    for count_at_start in (True, False):
        count = record[5] & 0x1F if count_at_start else record[at]
        at += 0 if count_at_start else 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            nals.append(record[at + 2 : at + 2 + size])
            at += 2 + size
    return nals


def _hvcc(record: bytes) -> list[bytes]:
    nals, at = [], 23
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            nals.append(record[at + 2 : at + 2 + size])
            at += 2 + size
    return nals
