"""Turning: where a movable camera looks, asked every two seconds; it is sent to a preset, and goes home by itself.

One thread for each camera that has presets. What is not known is not guessed: until the camera has answered, and when
it no longer does, its place is unknown.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from hub.worker.assignment import PtzTask
from ingest.errors import CameraUnreachable, HubError, NotFound
from ingest.onvif.ptz import Position, Ptz

log = logging.getLogger(__name__)

ASK_EVERY = 2.0
"""Seconds."""
CLOCK_EVERY = timedelta(minutes=5)
FORGOTTEN = timedelta(seconds=20)
"""An answer older than this says nothing of now."""

Place = Literal["preset", "off-preset", "unknown"]


class Turning:
    """One camera. Any thread asks and sends; its own thread talks to the camera."""

    def __init__(
        self,
        device: str,
        task: PtzTask,
        *,
        clock: Callable[[], datetime],
        on_clock: Callable[[float | None], None],
    ) -> None:
        self.task = task
        self._device = device
        self._clock = clock
        self._on_clock = on_clock
        self._ptz = Ptz(task.url, task.user, task.password, clock=clock)
        self._talking = threading.Lock()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"ptz-{device}", daemon=True)
        self._tokens: dict[str, str] = {}
        self._positions: dict[str, Position] = {}
        self._sent: str | None = None
        self._preset: str | None = None
        self._known_at: datetime | None = None
        self._clock_at: datetime | None = None
        self._still_since: datetime | None = None
        self._last: Position | None = None
        self.errors = 0
        self.reason: str | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def ask_stop(self) -> None:
        """Let the thread end; returns at once."""
        self._stop.set()

    def place(self, now: datetime) -> tuple[Place, str | None]:
        """(preset, its id), (off-preset, None) or (unknown, None)."""
        with self._lock:
            if self._known_at is None or now - self._known_at > FORGOTTEN:
                return "unknown", None
            return ("preset", self._preset) if self._preset is not None else ("off-preset", None)

    def goto(self, preset: str) -> None:
        """Send it there; NotFound for a preset that it has not, CameraUnreachable when it does not obey."""
        if preset not in {each.id for each in self.task.presets}:
            raise NotFound(f"this camera has no preset {preset!r}", where=self._device)
        with self._talking:
            self._learn()
            token = self._tokens.get(preset)
            if token is None:
                what = f"the preset {preset!r} is not set at the camera"
                raise CameraUnreachable(
                    what, reason="no-preset", where=self._device, mend="set it at the camera"
                )
            self._ptz.goto(token)
        with self._lock:
            self._sent, self._preset = preset, None
            self._still_since = self._clock()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._ask()
                self.reason = None
            except HubError as wrong:
                self.errors += 1
                reason = getattr(wrong, "reason", None) or wrong.slug
                if self.reason != reason:  # once per cause
                    log.warning("camera %s: %s", self._device, wrong)
                self.reason = reason
            except Exception:  # whatever it answers, the thread goes on; counted and shown
                self.errors += 1
                if self.reason != "garbage":
                    log.exception("camera %s: unexpected error over ONVIF", self._device)
                self.reason = "garbage"
            self._stop.wait(ASK_EVERY)
        self._ptz.close()

    def _ask(self) -> None:
        now = self._clock()
        with self._talking:
            if self._clock_at is None or now - self._clock_at >= CLOCK_EVERY:
                self._on_clock(self._ptz.offset())
                self._clock_at = now
            self._learn()
            status = self._ptz.status()
        with self._lock:
            self._known_at = self._clock()
            if status.moving:
                self._preset, self._last, self._still_since = None, status.position, self._known_at
                return
            if status.position is None:
                self._preset = self._sent  # it does not say where it looks: where it was sent
                return
            if self._last is None or not status.position.near(self._last):
                self._still_since = self._known_at  # somebody has driven it
            self._last = status.position
            if self._sent is not None and self._sent not in self._positions:
                self._positions[self._sent] = (
                    status.position
                )  # it arrived: its presets have no place of their own
            at = [name for name, place in self._positions.items() if place.near(status.position)]
            self._preset = self._sent if self._sent in at else next(iter(at), None)
        self._go_home()

    def _go_home(self) -> None:
        home, after = self.task.home, self.task.return_after
        if home is None or not after or self._preset == home or self._still_since is None:
            return
        if self._clock() - self._still_since >= after:
            log.info("camera %s goes back to %s", self._device, home)
            self.goto(home)

    def _learn(self) -> None:
        """The camera's own presets, found by token or by name; once."""
        if self._tokens:
            return
        known = self._ptz.presets()
        for each in self.task.presets:
            wanted = each.token or each.id
            found = next((one for one in known if wanted == one.token), None) or next(
                (one for one in known if wanted == one.name), None
            )
            if found is not None:
                self._tokens[each.id] = found.token
                if found.position is not None:
                    self._positions[each.id] = found.position
