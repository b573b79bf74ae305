"""Clips for tests, made on the spot: FFmpeg's moving test picture, raw H.264 or H.265."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av

ENCODERS = {
    "h264": ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"],
    "h265": ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
}

JPEG = [
    "-c:v",
    "mjpeg",
    "-huffman",
    "default",
    "-force_duplicated_matrix",
    "1",
    "-pix_fmt",
    "yuvj420p",
    "-q:v",
    "5",
]
"""RTP carries no Huffman tables and wants two quantisation tables."""


def raw_clip(
    path: Path, *, size: str = "320x240", seconds: float = 6.0, gop: int = 25, source: Path | None = None
) -> Path:
    """`path` (ends in .h264 or .h265) with 25 pictures a second, no B-frames."""
    codec = path.suffix.removeprefix(".")
    picture = (
        ["-i", str(source), "-t", str(seconds), "-vf", f"fps=25,scale={size.replace('x', ':')}"]
        if source
        else ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    )
    more = ["-g", str(gop), "-bf", "0"]
    if codec == "h265":
        more += ["-x265-params", f"keyint={gop}:bframes=0:log-level=error"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *picture, "-an", *ENCODERS[codec], *more, str(path)],
        check=True,
        timeout=60,
    )
    return path


def jpeg_pictures(folder: Path, *, size: str = "320x240", seconds: float = 2.0) -> Path:
    """A new folder of JPEG pictures (`NAME.jpeg`), 25 for each second, as RTP can carry them (RFC 2435)."""
    folder.mkdir()
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *picture, *JPEG, "-f", "image2", str(folder / "%05d.jpeg")],
        check=True,
        timeout=60,
    )
    return folder


def jpeg_clip(path: Path, *, size: str = "320x240", seconds: float = 2.0) -> Path:
    """`path` (ends in .avi) as Motion JPEG, 25 pictures a second."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *JPEG, str(path)], check=True, timeout=60)
    return path


def raw_pictures(clip: Path) -> Path:
    """The same clip as a folder with one picture per file (`NAME.pictures.h264/00000.h264` …)."""
    folder = clip.with_name(f"{clip.stem}.pictures{clip.suffix}")
    folder.mkdir()
    with av.open(str(clip), format="hevc" if clip.suffix == ".h265" else "h264") as container:
        packets = (packet for packet in container.demux(video=0) if packet.size)
        for i, packet in enumerate(packets):
            (folder / f"{i:05d}{clip.suffix}").write_bytes(bytes(packet))
    return folder
