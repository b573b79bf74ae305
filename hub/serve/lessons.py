"""Lessons: the crops that conditions are taught with, sealed in the evidence store; and the versions made of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from alerts.lesson import Example, Lesson
from api.hub import Json
from detectors.teach.card import read_card
from detectors.teach.example import in_both
from detectors.teach.versions import TAUGHT, rollback, versions
from hub.serve.evidence_store import EXAMPLE, EvidenceStore
from ingest.errors import HubError, NoRoom, NotFound, Unavailable
from ingest.instant import format_instant

_LESSON = "lesson-"
PATIENCE = 60.0
"""Seconds that a crop may take; a clip of 12 s is decoded in one."""
NONE = 3
"""Exit code of hub/cropper.py (which is not imported here: it brings decoders and models with it)."""


class Lessons:
    """Implements api.hub.Lessons; `model_of(incident)` names the model that is asked first where persons are."""

    def __init__(
        self,
        store: EvidenceStore,
        *,
        models: Path,
        model_of: Callable[[str], str],
        room: Callable[[int], bool] = lambda _bytes: True,
    ) -> None:
        self._store = store
        self._models = models
        self._model_of = model_of
        self._room = room

    def cut(self, incident: str, original: bytes, second: float, region: str) -> bytes:
        """A region of the picture at `second` of a clip (PNG); NotFound when there is none of that moment."""
        command = [sys.executable, "-m", "hub.cropper", "--region", region, "--second", f"{second:.3f}"]
        command += ["--models", str(self._models), "--model", self._model_of(incident)]
        try:
            done = subprocess.run(command, input=original, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Unavailable("the clip takes too long", reason="timeout", mend="try again") from None
        said = done.stderr.decode(errors="replace").strip()[-300:]
        if done.returncode == NONE:
            raise NotFound(said or "there is no such picture", where=incident)
        if done.returncode or not done.stdout:
            raise HubError(f"the cropper ended with {done.returncode}: {said}", where=incident)
        return done.stdout

    def put(self, lesson: str, example: str, png: bytes) -> str:
        """Seal a crop; its sha256. NoRoom on a full disk."""
        if not self._room(len(png)):
            raise NoRoom("no room for an example", reason="disk-full", mend="free space on the hub's disk")
        return self._store.put(_folder(lesson), f"{example}{EXAMPLE}", png)

    def read(self, example: Example) -> bytes:
        """The crop; EvidenceNone when it is gone, HubError when it is not what was stored."""
        return self._store.get(_folder(example.lesson), f"{example.id}{EXAMPLE}", example.sha256)

    def remove(self, lesson: str, example: str) -> None:
        """Delete a crop; twice is fine."""
        self._store.remove(_folder(lesson), f"{example}{EXAMPLE}")

    def home(self, lesson: str) -> Path:
        """The folder of its versions."""
        return self._models / TAUGHT / lesson

    def versions(self, lesson: Lesson) -> Sequence[Json]:
        """Its versions with their figures, the newest first; none before the first training."""
        try:
            found = versions(self.home(lesson.id))
        except NotFound:
            return ()
        shown = []
        for each in reversed(found):
            card = read_card(each.folder)
            shown.append(
                {
                    "version": each.number,
                    "current": each.current,
                    "taught_by": card.taught_by,
                    "taught_at": format_instant(card.taught_at),
                    "seconds": card.seconds,
                    "threshold": card.threshold,
                    "figures": card.figures.model_dump(mode="json"),
                    "examples": {
                        "yes": sum(one.holds for one in card.examples),
                        "no": sum(not one.holds for one in card.examples),
                    },
                    "worst": [
                        {"example": one.name, "holds": one.holds, "p": one.p}
                        for name in card.worst
                        for one in card.examples
                        if one.name == name
                    ],
                    "doubts": [in_both(each).as_dict() for each in card.doubts],
                    "imported_from": card.imported_from,
                }
            )
        return shown

    def rollback(self, lesson: Lesson, to: int | None) -> int:
        """Let version `to`, or the one before the current, count; its number. NotFound when there is none such."""
        return rollback(self.home(lesson.id), to).number


def lesson_of(folder: str) -> str | None:
    """The lesson that a folder of the store belongs to; None for one of something else."""
    return folder.removeprefix(_LESSON) if folder.startswith(_LESSON) else None


def _folder(lesson: str) -> str:
    return f"{_LESSON}{lesson}"
