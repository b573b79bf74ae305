"""Walks: films for `bench.video.missed`: people who come and go, some of them as a gate would like them least.

    one-by-one    real: persons one by one indoors, empty stretches between (../shared/footage, where it is)
    street        real: people crossing all the time
    corner        real: a part of that street, at its own pace
    cyclists      real: a street with cuts and a moving camera
    kitchen       a real person in a drawn room: comes, stands for ten seconds, goes
    first-second  the same, who comes in within the first second
    right-after   the same, who comes in right after the gate has closed for the first time
    dim           the same at a sixth of the light
    small         the same, smaller than 5 % of the picture's height, on the empty street

720p, 25 pictures a second, noise of about two levels in every picture, no B-frames; a keyframe every `gop`
seconds, at constant quality or constant bitrate.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.video.films import (
    ENCODE_TIMEOUT,
    FOLDER,
    FPS,
    KITCHEN,
    NOISE,
    RATES,
    ROOT,
    STREET,
    WIDE,
    Coding,
    empty,
)
from hub.demo import footage
from hub.demo.scene import ENTERS

BIKES = ROOT / footage.FOLDER / "source" / footage.BIKES.file
ONE_BY_ONE = ROOT.parent / "shared" / "footage" / "one-by-one-person-detection.mp4"
CLOSES = 5.2
"""Seconds after the begin of a calm film at which its gate closes."""
SIDE = 54
"""Pixels of the kitchen's height in `small`: the person is 30 high."""
SMALL = (SIDE * 16 // 9, SIDE, 560, 400)
"""Width, height, left, top of the kitchen in the street."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One film.

    Attributes:
        name: As in the module's docstring.
        inputs: FFmpeg's arguments for what it is made of.
        filters: From there to the picture, in a filter graph whose end is [v].
        part: left, top, width, height of the part that is shown to the model, in 0..1; the whole by default.
    """

    name: str
    inputs: tuple[str, ...]
    filters: str
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


def kitchen(start: float, seconds: float, more: str = "null") -> tuple[tuple[str, ...], str]:
    """Inputs and filters of a part of the kitchen film, from second `start` on."""
    return ("-i", str(KITCHEN)), f"[0:v]trim={start}:{start + seconds},setpts=PTS-STARTPTS,{more}[v]"


def walks() -> tuple[Walk, ...]:
    """All that can be made here."""
    wide, high, left, top = SMALL
    small = (
        f"[1:v]trim={ENTERS - 9}:{ENTERS + 21},setpts=PTS-STARTPTS,fps={FPS},scale={wide}:{high}[k];"
        f"[0:v]{WIDE}[s];[s][k]overlay={left}:{top}:shortest=1[v]"
    )
    street = ("-loop", "1", "-framerate", str(FPS), "-i", str(empty()), "-i", str(KITCHEN))
    real = [
        Walk("street", ("-t", "40", "-i", str(STREET)), f"[0:v]setpts=N/{FPS}/TB,{WIDE}[v]"),
        Walk("corner", ("-t", "40", "-i", str(STREET)), "[0:v]crop=320:180:448:170,scale=1280:720[v]"),
        Walk("cyclists", ("-i", str(BIKES)), "[0:v]scale=1280:544,pad=1280:720:0:88[v]"),
    ]
    if ONE_BY_ONE.is_file():
        real.insert(0, Walk("one-by-one", ("-t", "50", "-i", str(ONE_BY_ONE)), "[0:v]scale=1280:720[v]"))
    return (
        *real,
        Walk("kitchen", *kitchen(ENTERS - 11, 45)),
        Walk("first-second", *kitchen(ENTERS - 0.5, 22)),
        Walk("right-after", *kitchen(ENTERS - CLOSES - 0.2, 27)),
        Walk("dim", *kitchen(ENTERS - 9, 30, "lutyuv=y=16+(val-16)/6:u=128+(val-128)/4:v=128+(val-128)/4")),
        Walk("small", street, small, (left / 1280, top / 720, wide / 1280, high / 720)),
    )


def coded(walk: Walk, gop: int, coding: Coding) -> Path:
    """The file of one film, made when it is missing or its recipe has changed."""
    frames = str(gop * FPS)
    recipe = [
        *walk.inputs, "-filter_complex", f"{walk.filters};[v]fps={FPS},format=yuv420p,{NOISE}[out]",
        "-map", "[out]", "-an", "-c:v", "libx264", "-profile:v", "main", "-preset", "veryfast", "-bf", "0",
        "-g", frames, "-keyint_min", frames, "-sc_threshold", "0", *RATES[coding],
    ]  # fmt: skip
    digest = hashlib.sha256(" ".join(recipe).encode()).hexdigest()[:8]
    target = FOLDER / f"walk-{walk.name}-{gop}s-{coding}-{digest}.mp4"
    if not target.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part.mp4")
        command = ["ffmpeg", "-loglevel", "error", "-nostdin", "-y", *recipe, str(part)]
        subprocess.run(command, check=True, timeout=ENCODE_TIMEOUT, cwd=ROOT)
        part.replace(target)
    return target
