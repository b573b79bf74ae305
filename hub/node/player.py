"""Player: one text at a time out of the horn, the most urgent first; an interrupted one begins again."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from hub.node.task import Command, State
from hub.node.voice import speak
from ingest.errors import Unavailable

log = logging.getLogger(__name__)

_SOUNDS_KEPT = 50

Report = Callable[[str, State, str], None]
"""(id, state, reason)."""


class Player:
    """One thread. The horn of this node is a folder of sound files, one per text, "played" at real length."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._condition = threading.Condition()
        self._waiting: list[Command] = []
        self._playing: Command | None = None
        self._ended: set[str] = set()  # ids that were stopped while they played
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)

    def start(self) -> None:
        """Begin with what waits."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def add(self, command: Command) -> None:
        """Play it when its turn comes: before everything of a higher rank number, after its equals."""
        with self._condition:
            self._waiting.append(command)
            self._waiting.sort(key=lambda each: each.rank)
            self._condition.notify_all()

    def end(self, key: str) -> None:
        """Stop or forget this text; it is reported as failed (`stopped`). Unknown ids are ignored."""
        with self._condition:
            waiting = [each for each in self._waiting if each.id == key]
            if waiting:
                self._waiting = [each for each in self._waiting if each.id != key]
            elif self._playing is not None and self._playing.id == key:
                self._ended.add(key)
                self._condition.notify_all()
        if waiting:
            self._report(key, "failed", "stopped")

    def close(self, timeout: float) -> None:
        """End the thread; what played or waits is not reported: it is played after the next start."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._closing or self._waiting)
                if self._closing:
                    return
                command = self._playing = self._waiting.pop(0)
            try:
                self._play(command)
            except Unavailable as wrong:
                log.warning("%s cannot be played: %s", command.id, wrong)
                self._report(command.id, "failed", wrong.reason)
            except Exception as wrong:  # a full disk must not end the player
                log.exception("%s cannot be played", command.id)
                self._report(command.id, "failed", type(wrong).__name__)
            finally:
                with self._condition:
                    self._playing = None
                    self._ended.discard(command.id)

    def _play(self, command: Command) -> None:
        # The id is somebody else's text: it becomes a file's name only as a digest.
        name = hashlib.sha256(command.id.encode()).hexdigest()[:24]
        seconds = speak(command.spoken, self._folder / f"{name}.wav")
        self._forget_old()
        self._report(command.id, "playing", "")
        with self._condition:
            self._condition.wait_for(lambda: self._disturbed(command), timeout=seconds)
            stopped, closing = command.id in self._ended, self._closing
            urgent = bool(self._waiting) and self._waiting[0].rank < command.rank
            if not stopped and not closing and urgent:
                # Again from its beginning, after what is more urgent, before its equals.
                self._waiting.append(command)
                self._waiting.sort(key=lambda each: (each.rank, each is not command))
                return
        if stopped:
            self._report(command.id, "failed", "stopped")
        elif not closing:
            self._report(command.id, "done", "")

    def _disturbed(self, command: Command) -> bool:
        return (
            self._closing
            or command.id in self._ended
            or (bool(self._waiting) and self._waiting[0].rank < command.rank)
        )

    def _forget_old(self) -> None:
        sounds = sorted(self._folder.glob("*.wav"), key=lambda each: each.stat().st_mtime)
        for path in sounds[:-_SOUNDS_KEPT]:
            path.unlink(missing_ok=True)
