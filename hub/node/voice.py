"""Voice: a text becomes a sound file, by espeak-ng's Mandarin voice. Robotic, but it needs nothing else."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

from ingest.errors import Unavailable

_TIMEOUT = 30.0  # seconds; two thousand characters take two
_VOICE = "cmn"


def speak(text: str, path: Path) -> float:
    """Write `text` as speech into `path` (WAV); how many seconds it lasts.

    Raises Unavailable with reason `no-voice`, `voice-timeout`, `voice-failed` or `no-sound`.
    """
    part = path.with_suffix(".part.wav")
    try:
        done = subprocess.run(
            ["espeak-ng", "-v", _VOICE, "-w", str(part), "--stdin"],
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError as missing:
        raise Unavailable(
            "espeak-ng is not installed", reason="no-voice", mend="run `make setup`"
        ) from missing
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"espeak-ng did not end within {_TIMEOUT:g} s", reason="voice-timeout") from late
    if done.returncode or not part.is_file():
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise Unavailable(f"espeak-ng failed: {said[0]}", reason="voice-failed")
    with wave.open(str(part)) as sound:
        seconds = float(sound.getnframes() / sound.getframerate())
    if seconds <= 0:
        part.unlink()
        raise Unavailable("nothing in this text can be said", reason="no-sound")
    part.replace(path)
    return seconds
