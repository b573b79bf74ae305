"""Inspection: what a model file says of itself, found out by another process that may die of it.

A file that came from somewhere may point outside itself, name operators that nothing has, or ask for more memory than
there is. So no process that has work to do opens it first: inspect_model.py does, with little memory and little time,
and the answer is remembered by the file's sha256.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ingest.errors import InvalidModel

HOUSE = Path(__file__).parents[1]
SECONDS = 90.0
"""Until it is given up; its processor time is limited to less."""
REMEMBERED = 64
"""Files."""

MADE_HERE = frozenset({"c053d0dc41414f14328d6523275800c7feb84d1801a581da843999ebca70ce4f"})
"""sha256 of weights that this project makes itself at set-up (models/coco-ssd): inspected when it was written down."""

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file says of itself.

    Attributes:
        inputs: Names with shapes; None where a length is open.
        outputs: The same, as they came out of one run where there could be one.
        texts: Names, descriptions and metadata.
    """

    inputs: tuple[tuple[str, Shape], ...] = ()
    outputs: tuple[tuple[str, Shape], ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a file cannot be used; no mend: fetch it again."""

    what: str
    mend: str


_lock = threading.Lock()
_known: dict[str, Inspected | _Refused] = {}


def inspect(path: Path, digest: str, *, again: str, seconds: float = SECONDS) -> Inspected:
    """What the file says of itself; blocks for about a second when it is new.

    Args:
        path: The weights.
        digest: Their sha256.
        again: The mend for a damaged file.
        seconds: Until it is given up.

    Raises:
        InvalidModel: damaged, no model, reaches outside itself, too large, unknown operators, or its inspection died.
    """
    if digest in MADE_HERE:
        return Inspected()
    with _lock:
        found = _known.get(digest)
    if found is None:
        found = _ask(path, seconds)
        with _lock:
            while len(_known) >= REMEMBERED:
                _known.pop(next(iter(_known)))
            _known[digest] = found
    if isinstance(found, _Refused):
        raise InvalidModel(found.what, where=str(path), mend=found.mend or f"delete the file and {again}")
    return found


def _ask(path: Path, seconds: float) -> Inspected | _Refused:
    command = [sys.executable, "-B", "-m", "detectors.inspect_model", str(path.resolve())]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module; the path is one argument
            command,
            cwd=HOUSE,
            env={**os.environ, **one_thread},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Refused(f"it could not be opened and run once within {seconds:g} s", "use a smaller model")
    except OSError as wrong:
        raise InvalidModel(
            f"the process that inspects models cannot start ({wrong.strerror})",
            where=str(path),
            mend="see whether this machine has memory and processes left",
        ) from wrong
    try:
        told = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return _Refused(f"its inspection ended {_how(done.returncode)}", "use another export of the model")
    if "what" in told:
        return _Refused(str(told["what"]), str(told["mend"]))
    return Inspected(_shapes(told["inputs"]), _shapes(told["outputs"]), tuple(map(str, told["texts"])))


def _how(code: int) -> str:
    """`with signal 9`: killed for the memory or time that it took; a code is an error of its own."""
    return f"with signal {-code}: it takes too much memory or time" if code < 0 else f"with code {code}"


def _shapes(told: object) -> tuple[tuple[str, Shape], ...]:
    return tuple(
        (name, tuple(dims)) for name, dims in cast("Sequence[tuple[str, Sequence[int | None]]]", told)
    )
