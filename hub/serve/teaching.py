"""Teaching: lessons that are to be trained, one at a time, each in a process of its own at a low priority.

What is asked for stands in the ledger, so a restart begins a training anew that was broken off.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from alerts.ledger import lessons
from alerts.ledger.engine import Connection, Ledger
from alerts.lesson import Asked
from hub.serve.lessons import Lessons
from ingest.errors import HubError

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks for what is asked."""
PATIENCE = 900.0
"""Seconds that one training may take: 40 examples a class take a quarter of a minute, 400 on a busy machine minutes."""
NOTHING = 3
"""Exit code of hub/teacher.py (which is not imported here: it brings models with it)."""


class Teaching:
    """One task."""

    def __init__(
        self,
        ledger: Ledger,
        kept: Lessons,
        *,
        models: Path,
        clock: Callable[[], datetime],
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._kept = kept
        self._models = models
        self._clock = clock
        self._failed = failed

    async def run(self) -> None:
        """Train what is asked for until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except (HubError, OSError) as wrong:
                self._failed()
                log.warning("a lesson could not be taught: %s: %s", type(wrong).__name__, wrong)

    async def once(self) -> bool:
        """Train the lesson that was asked for first; false when there is none."""
        asked = await asyncio.to_thread(self._asked)
        if asked is None:
            return False
        lesson = asked.lesson.id
        try:
            version = await self._train(asked)
        except TimeoutError:
            await self._end(lesson, f"took longer than {PATIENCE:.0f} s", None)
        except (HubError, OSError) as wrong:
            await self._end(lesson, str(wrong), None)
        else:
            await self._end(lesson, "", version)
        return True

    def _asked(self) -> Asked | None:
        with self._ledger.read() as conn:
            return lessons.next_training(conn)

    def _task(self, asked: Asked) -> bytes:
        lesson = asked.lesson
        with self._ledger.read() as conn:
            examples = lessons.all_examples(conn, lesson.id)
        crops = [
            {
                "name": each.id,
                "sha256": each.sha256,
                "holds": each.holds,
                "camera": lesson.device,
                "clip": lesson.device,
                "second": each.at.timestamp(),
                "png": base64.b64encode(self._kept.read(each)).decode(),
            }
            for each in examples
        ]
        task = {"condition": lesson.condition, "region": lesson.region, "by": asked.by, "examples": crops}
        return json.dumps(task, ensure_ascii=False).encode()

    async def _train(self, asked: Asked) -> int:
        """The number of the new version; HubError when nothing can be learned."""
        task = await asyncio.to_thread(self._task, asked)
        home = self._kept.home(asked.lesson.id)
        command = [sys.executable, "-m", "hub.teacher", "--home", str(home), "--models", str(self._models)]
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            async with asyncio.timeout(PATIENCE):
                answer, said = await self._talk(process, task, asked.lesson.id)
                code = await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if code not in {0, NOTHING}:
            raise HubError(f"the teacher ended with {code}: {said}")
        try:
            told = json.loads(answer)
            if code == NOTHING:
                raise HubError(str(told["error"]))
            return int(told["version"])
        except (ValueError, KeyError, TypeError):
            raise HubError(f"the teacher said what it should not: {answer[:200]!r}") from None

    async def _talk(self, process: Process, task: bytes, lesson: str) -> tuple[bytes, str]:
        """Hand over the task and say how far it is; what it answers, and its last words."""
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise HubError("the teacher has no pipes")
        reading = asyncio.ensure_future(process.stdout.read())
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended early; it says why
            process.stdin.write(task)
            await process.stdin.drain()
        process.stdin.close()
        last = ""
        async for line in process.stderr:
            last = line.decode(errors="replace").strip()[-300:]
            await self._write(partial(lessons.step, lesson=lesson, said=last, now=self._clock()))
        return await reading, last

    async def _end(self, lesson: str, said: str, version: int | None) -> None:
        if version is None:
            log.warning("lesson %s was not learned: %s", lesson, said)
        await self._write(
            lambda conn: lessons.end_training(conn, lesson, said=said, version=version, now=self._clock())
        )

    async def _write(self, act: Callable[[Connection], None]) -> None:
        await asyncio.wrap_future(self._ledger.write(act))
