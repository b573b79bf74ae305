"""Assignment: what `serve` wants this worker to do, asked for over HTTP; asking is also the heartbeat."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from detectors.damping import Damping
from detectors.health import Watched
from detectors.rule import Duration
from detectors.tiling import Grid
from hub.worker.schedule import Priority
from ingest.errors import HubError, InvalidInput, NotAuthenticated, NotFound, Unavailable

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(4.0, connect=2.0)
PATH = "/api/v1/internal/assignment"


class PresetTask(BaseModel):
    """One preset: its id, and its token or name at the camera."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    token: str | None = None


class PtzTask(BaseModel):
    """How a movable camera is driven.

    Attributes:
        url: Of its ONVIF device service.
        user, password: For it.
        presets: That rules and people may name.
        home: The one it goes back to, after `return_after` in which nobody drove it (0: never).
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    url: str
    user: str | None = None
    password: str = Field(default="", repr=False)
    presets: tuple[PresetTask, ...] = ()
    home: str | None = None
    return_after: Duration = timedelta(minutes=5)


class CameraTask(BaseModel):
    """One camera of an assignment.

    Attributes:
        device: Registry id.
        site: Registry id of its site.
        url: RTSP address with user and password, of the stream that is analysed.
        main: Another stream of the same camera, kept for evidence only; None: `url` is that too.
        transport: tcp or udp.
        playback: Template of its recorder's address (ingest/video/recorder.py), or None.
        fps: Pictures to look at per second.
        model: Folder below models/, or None: only watched for health.
        gate: auto, or open: every picture is decoded all the time.
        max_blind: Seconds that a quiet camera goes unseen at most.
        tiles: In how many parts every picture is looked at beside the whole.
        timezone: In which explanations show times.
        priority: Who goes first when there is not enough time for all (hub.worker.schedule).
        rules: Full parameters of each rule (JSON), validated one by one by the shelf.
        dampings: What rules do not see at some spots, for a while.
        health: Faults of the camera itself that are watched.
        ptz: How it is driven; None: it stands still.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)  # serve may be newer and say more

    device: str = Field(min_length=1)
    site: str
    url: str = Field(repr=False)
    main: str | None = Field(default=None, repr=False)
    transport: Literal["tcp", "udp"] = "tcp"
    playback: str | None = Field(default=None, repr=False)
    fps: float = Field(default=5.0, gt=0, le=60)
    model: str | None = None
    gate: Literal["auto", "open"] = "auto"
    max_blind: float = Field(default=4.0, gt=0, le=4)
    tiles: Grid = Grid()
    timezone: str = "Asia/Shanghai"
    priority: Priority = "normal"
    rules: tuple[dict[str, object], ...] = ()
    dampings: tuple[Damping, ...] = ()
    health: tuple[Watched, ...] = ()
    ptz: PtzTask | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not a time zone") from None
        return name

    def same_stream(self, other: Self) -> bool:
        """Whether the running stream can go on."""
        return self._stream() == other._stream()

    def _stream(self) -> tuple[object, ...]:
        return (self.url, self.main, self.transport, self.fps, self.gate, self.max_blind)


class Assignment(BaseModel):
    """Everything this worker is to do.

    Attributes:
        epoch: Stands in every signal; signals of an older epoch are refused.
        version: Changes whenever the content does.
        cameras: The share of this worker.
        broker: URL of the MQTT broker.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    epoch: int
    version: int = 0
    cameras: tuple[CameraTask, ...] = ()
    broker: str


def parse(content: bytes) -> Assignment:
    """The assignment in an answer; InvalidInput names the fields that are wrong, never their values."""
    try:
        return Assignment.model_validate_json(content)
    except ValidationError as wrong:
        fields = sorted({".".join(str(part) for part in each["loc"]) for each in wrong.errors()})
        raise InvalidInput(f"the assignment is malformed: {', '.join(fields)[:300]}") from None


@dataclass(slots=True)
class PollHealth:
    """How asking goes.

    Attributes:
        asked: Answers that were taken.
        failed: Attempts without one.
        reason: Why the latest attempt failed; empty after a good one.
        answered_at: When the latest good answer came (UTC).
    """

    asked: int = 0
    failed: int = 0
    reason: str = ""
    answered_at: datetime | None = None


class Poller:
    """Asks `serve` what to do. One thread."""

    def __init__(self, serve_url: str, *, name: str, boot: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=serve_url.rstrip("/"),
            timeout=TIMEOUT,
            trust_env=False,  # serve is a neighbour: no proxy between
            # Asked every two seconds: the way is short, and packing costs more than it saves.
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
            params={"worker": name, "boot": boot},
        )
        self.health = PollHealth()
        self._last: tuple[bytes, Assignment] | None = None

    def ask(self, now: datetime) -> Assignment | None:
        """The present assignment, or None when `serve` cannot be asked now: then go on with the last one."""
        try:
            assignment = self._ask()
        except HubError as wrong:
            self.health.failed += 1
            if self.health.reason != wrong.message:  # once per cause, not once per second
                log.warning("no assignment: %s", wrong)
            self.health.reason = wrong.message
            return None
        self.health.asked += 1
        self.health.reason = ""
        self.health.answered_at = now
        return assignment

    def _ask(self) -> Assignment:
        try:
            response = self._client.get(PATH)
        except httpx.HTTPError as wrong:
            raise Unavailable(f"serve cannot be reached ({type(wrong).__name__})") from wrong
        if response.status_code in {401, 403}:
            raise NotAuthenticated("serve does not accept the worker token", mend="set HUB_WORKER_TOKEN")
        if response.status_code == 404:
            raise NotFound("serve does not know this worker", mend="check --name")
        if response.status_code != 200:
            raise Unavailable(f"serve answered {response.status_code}")
        if (
            self._last is None or self._last[0] != response.content
        ):  # it seldom changes, and may name many cameras
            self._last = response.content, parse(response.content)
        return self._last[1]

    def close(self) -> None:
        """End the connection."""
        self._client.close()
