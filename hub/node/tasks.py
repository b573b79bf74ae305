"""Tasks: what the node was told and how far it is, on its disk: the same command never plays twice."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.node.task import Command, State
from ingest.instant import format_instant, parse_instant

log = logging.getLogger(__name__)

_KEPT = 200  # tasks that are remembered; older ones are forgotten, unfinished ones never


@dataclass(frozen=True, slots=True)
class Task:
    """One play command and its latest state.

    Attributes:
        told: The broker has acknowledged the latest state.
    """

    command: Command
    state: State
    reason: str
    at: datetime
    told: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed")


class Tasks:
    """One folder, one process; thread-safe. Every change is on the disk before the call returns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "tasks.json"
        self._lock = threading.Lock()
        self._tasks: dict[str, Task] = self._load()

    def get(self, key: str) -> Task | None:
        """The task, when it is remembered."""
        with self._lock:
            return self._tasks.get(key)

    def accept(self, command: Command, at: datetime) -> bool:
        """Remember a new one; False when its id is known already."""
        with self._lock:
            if command.id in self._tasks:
                return False
            self._tasks[command.id] = Task(command, "received", "", at)
            self._store()
            return True

    def move(self, key: str, state: State, reason: str, at: datetime) -> Task:
        """The task in its new state."""
        with self._lock:
            task = replace(self._tasks[key], state=state, reason=reason, at=at, told=False)
            self._tasks[key] = task
            self._store()
            return task

    def told(self, task: Task) -> None:
        """The broker has this state; a newer one stays untold."""
        with self._lock:
            if self._tasks.get(task.command.id) == task:
                self._tasks[task.command.id] = replace(task, told=True)
                self._store()

    def all(self) -> tuple[Task, ...]:
        """In the order they came."""
        with self._lock:
            return tuple(self._tasks.values())

    def _load(self) -> dict[str, Task]:
        try:
            entries = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as wrong:
            log.warning("%s cannot be read and is put aside: %s", self._path, wrong)
            self._path.replace(self._path.with_suffix(".broken"))
            return {}
        return {
            entry["command"]["id"]: Task(
                Command(**entry["command"]),
                entry["state"],
                entry["reason"],
                parse_instant(entry["at"]),
                entry["told"],
            )
            for entry in entries
        }

    def _store(self) -> None:
        spare = len(self._tasks) - _KEPT
        if spare > 0:
            for key in [key for key, task in self._tasks.items() if task.over and task.told][:spare]:
                del self._tasks[key]
        entries = [{**asdict(task), "at": format_instant(task.at)} for task in self._tasks.values()]
        part = self._path.with_suffix(".part")
        with part.open("w") as file:
            json.dump(entries, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
