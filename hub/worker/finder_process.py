"""Finder process: asks hub/finder.py what is to be hidden in a picture of evidence.

Finding takes nine looks with two networks, a third of a second of a processor, and cameras come first. A thread of the
worker that gives way to them may be given no time just when it holds what they wait for, the interpreter above all.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from detectors.provider import CPU, Provider
from hub.worker.people import Box, Hidden
from ingest.errors import HubError

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds that an answer may take; then the process is taken for stuck and a new one is started."""
Json = dict[str, object]


class FinderProcess:
    """One process for a worker, started when it is first wanted and again when it has died; for any thread.

    Attributes:
        blind: Models for hiding that could not be used when it last answered, with the reason.
    """

    def __init__(self, models: Path, provider: Provider = CPU) -> None:
        self._command = [sys.executable, "-m", "hub.finder", "--models", str(models), "--provider", provider]
        self._asking = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self.blind: tuple[tuple[str, str], ...] = ()

    def find(self, image: NDArray[np.uint8], model: str | None, known: Sequence[Box]) -> Hidden:
        """What is to be hidden in a BGR picture (height, width, 3).

        `known` are persons that `model` saw in the whole picture or that are followed. Without a model that can tell
        persons everything is hidden. Of NO_PICTURE nothing is found, but from then on the model is loaded. Raises
        HubError without an answer.
        """
        with self._asking:
            for again in (True, False):
                try:
                    return self._ask(image, model, known)
                except (OSError, EOFError) as wrong:
                    code = self._end()
                    log.warning("the finder of persons ended with %s", code)
                    if not again or self._closed:
                        raise HubError(f"the finder of persons ended with {code} over a picture") from wrong
        raise AssertionError  # the second time either way leaves

    def close(self) -> None:
        """End the process; who asks later is refused."""
        process, self._closed = self._process, True
        if process is not None:
            process.kill()  # it holds nothing that could be lost, and who waits for it is let go
        with self._asking:
            self._end()

    def _ask(self, image: NDArray[np.uint8], model: str | None, known: Sequence[Box]) -> Hidden:
        if self._closed:
            raise HubError("the worker ends")
        process = self._process
        if process is None:
            process = self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        height, width = image.shape[:2]
        head = json.dumps({"height": height, "width": width, "model": model, "known": list(known)})
        late = threading.Timer(PATIENCE, process.kill)
        late.start()
        try:
            asked, told = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
            asked.write(head.encode() + b"\n")
            asked.write(np.ascontiguousarray(image).data)
            asked.flush()
            line = told.readline()
        finally:
            late.cancel()
        if not line:
            raise EOFError
        said = cast("Json", json.loads(line))
        self.blind = tuple((name, reason) for name, reason in cast("list[tuple[str, str]]", said["blind"]))
        if said["error"]:
            raise HubError(f"persons could not be found: {said['error']}")
        return Hidden(_boxes(said["persons"]), _boxes(said["faces"]))

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        code = process.wait(5)
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError as wrong:  # what was written and never read
                log.debug("the finder's pipe: %s", wrong)
        return code


def _boxes(said: object) -> list[Box]:
    return [(left, top, right, bottom) for left, top, right, bottom in cast("list[list[float]]", said)]
