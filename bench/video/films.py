"""Films: what the benchmark's cameras show, made once from packaged footage into build/bench-video.

    quiet  the street of OpenCV's film without its people (the median of its pictures)
    busy   that street as it was filmed, people crossing all the time; every one of its pictures is shown, 25 a second
    mixed  the demo's kitchen: a person comes, stands and goes; a third of the time

All are 720p, 25 pictures a second, H.264 as cameras send it (no B-frames, a keyframe every two seconds), with
noise of about two levels, fresh in every picture. `vbr` is constant quality below 2 Mbit/s, `cbr` a constant
2 Mbit/s: the encoder spends it on noise where nothing moves.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np

from hub.demo import footage
from hub.demo.scene import Picture

Scene = Literal["quiet", "busy", "mixed"]
Coding = Literal["vbr", "cbr"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "bench-video"
STREET = ROOT / footage.FOLDER / "source" / footage.VTEST.file
KITCHEN = ROOT / footage.FOLDER / "school-1-cam.mp4"
FPS = 25
GOP = 2 * FPS
QUIET_SECONDS = 20
WARM_UP = 2 * GOP // FPS
"""Seconds of `quiet` that are left out: until then the encoder looks for its rate, and each round would show that."""
PLACES = 8
"""Different beginnings of `mixed`; more cameras share them."""
WIDE = "crop=768:432:0:72,scale=1280:720"
NOISE = "noise=alls=4:all_seed=4:allf=t"
RATES: dict[Coding, list[str]] = {
    "vbr": ["-crf", "23", "-maxrate", "2M", "-bufsize", "4M"],
    "cbr": [
        "-b:v",
        "2M",
        "-minrate",
        "2M",
        "-maxrate",
        "2M",
        "-bufsize",
        "1M",
        "-x264-params",
        "nal-hrd=cbr",
    ],
}
ENCODER = [
    "-c:v", "libx264", "-profile:v", "main", "-preset", "veryfast", "-bf", "0",
    "-g", str(GOP), "-keyint_min", str(GOP), "-sc_threshold", "0",
]  # fmt: skip
ENCODE_TIMEOUT = 600


def film(scene: Scene, coding: Coding) -> Path:
    """The file of one scene, made when it is missing or its recipe has changed; needs `make setup` before."""
    for each in (STREET, KITCHEN):
        if not each.is_file():
            raise FileNotFoundError(f"{each} is missing: run `make setup`")
    FOLDER.mkdir(parents=True, exist_ok=True)
    source, filters = _source(scene)
    recipe = [*source, *_tail(filters, coding)]
    digest = hashlib.sha256(" ".join(recipe).encode()).hexdigest()[:8]
    target = FOLDER / f"{scene}-{coding}-{digest}.mp4"
    if not target.exists():
        print(f"  making {target.name}", flush=True)
        part = target.with_suffix(".part.mp4")
        command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *recipe, str(part)]
        subprocess.run(command, check=True, timeout=ENCODE_TIMEOUT, cwd=ROOT)
        if scene == "quiet":
            _remux(part, target, begin=WARM_UP * FPS, keep_before=False)
            part.unlink()
        else:
            part.replace(target)
    return target


def films(scene: Scene, coding: Coding, cameras: int) -> list[Path]:
    """One file per camera. Those of `mixed` begin at different places, so that the cameras' visitors take turns."""
    whole = film(scene, coding)
    if scene != "mixed":
        return [whole] * cameras
    places = min(cameras, PLACES)
    return [_turned(whole, at % places, places) for at in range(cameras)]


def _source(scene: Scene) -> tuple[list[str], str]:
    if scene == "quiet":
        return [
            "-loop",
            "1",
            "-framerate",
            str(FPS),
            "-t",
            str(QUIET_SECONDS + WARM_UP),
            "-i",
            str(empty()),
        ], WIDE
    if scene == "busy":
        return ["-i", str(STREET)], f"setpts=N/{FPS}/TB,{WIDE}"
    return ["-i", str(KITCHEN)], f"setpts=N/{FPS}/TB"


def _tail(filters: str, coding: Coding) -> Sequence[str]:
    shown = f"{filters},format=yuv420p,{NOISE}"
    return ["-an", "-vf", shown, "-r", str(FPS), *ENCODER, *RATES[coding], "-movflags", "+faststart"]


def empty() -> Path:
    """The street without its people, as a picture."""
    target = FOLDER / "street-empty.png"
    if not target.exists():
        film = cv2.VideoCapture(str(STREET))
        kept: list[Picture] = []
        number = 0
        while film.grab():
            if number % 16 == 0:
                kept.append(np.asarray(film.retrieve()[1], np.uint8))
            number += 1
        film.release()
        cv2.imwrite(str(target), np.median(np.array(kept), axis=0).astype(np.uint8))
    return target


def _turned(whole: Path, at: int, of: int) -> Path:
    """The same packets from the keyframe `at`/`of` of the way on, and then those before it."""
    if at == 0:
        return whole
    target = whole.with_stem(f"{whole.stem}-turned-{at}-of-{of}")
    if not target.exists():
        with av.open(str(whole)) as source:
            begin = source.streams.video[0].frames * at // of // GOP * GOP
        _remux(whole, target, begin=begin, keep_before=True)
    return target


def _remux(whole: Path, target: Path, *, begin: int, keep_before: bool) -> None:
    """The packets from the keyframe number `begin` on, and behind them, if wanted, those before it."""
    part = target.with_suffix(".turn.mp4")
    with av.open(str(whole)) as source, av.open(str(part), "w", format="mp4") as sink:
        video = source.streams.video[0]
        out = sink.add_stream_from_template(video)
        packets = [packet for packet in source.demux(video) if packet.size]
        step = packets[1].pts - packets[0].pts if packets[0].pts is not None and packets[1].pts else 1
        before = packets[:begin] if keep_before else []
        for number, packet in enumerate([*packets[begin:], *before]):
            packet.pts = packet.dts = number * step
            packet.stream = out
            sink.mux(packet)
    part.replace(target)
