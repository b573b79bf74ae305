"""County: the registry as of the latest commit, in the shapes that this process works with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from alerts.directory import Directory
from alerts.ledger import dampings, modes
from alerts.ledger.engine import Connection, Ledger
from config.apply import read_stored
from config.directory import directory, next_turn
from config.entries import Stored, registry_of
from config.nouns.device import Camera
from config.registry import Registry
from config.secrets import SecretBox
from config.targets import CAMERAS, targets
from config.urls import split_credentials, with_credentials
from config.watched import watched
from detectors.damping import Damping
from detectors.shelf import input_of
from detectors.tiling import parse_grid
from ingest.duration import format_duration

Json = Mapping[str, object]

DEFAULT_MODEL = "coco-ssd"

MOST_FPS = 60.0
"""As the registry has it; no mode asks for more."""


@dataclass(frozen=True)
class County:
    """One state of the registry; a change makes another.

    Attributes:
        registry: The entries, secrets as `***`.
        directory: The same for the alert core.
        cameras: What a worker needs of each camera, by device id; addresses carry their passwords.
        turns: When the date alone opens or closes a site next; None when it never does.
    """

    registry: Registry = field(default_factory=Registry)
    directory: Directory = field(default_factory=Directory)
    cameras: Mapping[str, Json] = field(default_factory=dict, repr=False)
    turns: datetime | None = None


def read_county(conn: Connection, box: SecretBox, *, timezone: str, now: datetime | None = None) -> County:
    """The county that is stored now; with `now`, sites are open or closed as the date says."""
    stored = read_stored(conn)
    registry = registry_of(stored)
    whole = modes.laid_over(conn, directory(registry, timezone=timezone, now=now))
    turns = None if now is None else next_turn(registry, whole, now)
    damped = dampings.by_camera(conn, now) if now is not None else {}
    return County(registry, whole, _cameras(registry, whole, stored, box, damped), turns)


def _cameras(
    registry: Registry,
    whole: Directory,
    stored: tuple[Stored, ...],
    box: SecretBox,
    damped: Mapping[str, Sequence[Damping]],
) -> dict[str, Json]:
    rules: dict[str, list[Json]] = {}
    for rule in registry.rules:
        if input_of(rule) == "tracks":
            for device in targets(rule, whole, CAMERAS):
                rules.setdefault(device.id, []).append(rule.model_dump(mode="json", exclude_none=True))
    vital = frozenset(
        condition
        for each in registry.together
        if each.severity == "life"
        for conditions in each.any_of
        for condition in conditions
    )
    health = watched(registry, whole)
    secrets = {each.key: each.secrets for each in stored if each.noun == "device"}
    tasks: dict[str, Json] = {}
    for camera in registry.devices:
        if not isinstance(camera, Camera):
            continue
        plain = {name: box.open(text) for name, text in secrets.get(camera.id, {}).items()}
        password = plain.get("password")
        url = with_credentials(plain.get("url", camera.url), camera.user, password)
        small = plain.get("substream", camera.substream)
        main = url if small else None
        if small:
            url = with_credentials(small, camera.user, password)
        tasks[camera.id] = {
            "device": camera.id,
            "site": camera.site,
            "url": url,
            "main": main,
            "transport": camera.transport,
            "playback": _playback(camera, plain),
            "fps": _fps(camera, whole),
            "model": camera.model or DEFAULT_MODEL,
            "priority": camera.priority or _priority(rules.get(camera.id, []), vital),
            "gate": camera.gate,
            "max_blind": camera.max_blind.total_seconds(),
            "tiles": list(parse_grid(camera.tiles)),
            "timezone": str(whole.zone(whole.sites[camera.site].area)),
            "rules": rules.get(camera.id, []),
            "dampings": [each.model_dump(mode="json") for each in damped.get(camera.id, ())],
            "ptz": _ptz(camera, plain),
            "health": [each.model_dump(mode="json") for each in health.get(camera.id, ())],
        }
    return tasks


def _ptz(camera: Camera, plain: Mapping[str, str]) -> Json | None:
    """How the camera is driven; the stream's user goes with the stream's password, never with another's."""
    if camera.onvif is None or not camera.presets:
        return None
    own = camera.onvif.user is not None or "onvif_password" in plain
    return {
        "url": camera.onvif.url,
        "user": camera.onvif.user or camera.user,
        "password": plain.get("onvif_password", "") if own else plain.get("password", ""),
        "presets": [{"id": each.id, "token": each.token} for each in camera.presets],
        "home": camera.home_preset,
        "return_after": format_duration(camera.return_after),
    }


def _priority(rules: Sequence[Json], vital: AbstractSet[object]) -> str:
    """`life` for a camera with a rule of that severity, or whose condition is part (`vital`) of one that has it."""
    of_life = any(
        rule.get("severity") == "life" or (rule.get("condition") or rule.get("id")) in vital for rule in rules
    )
    return "life" if of_life else "normal"


def _playback(camera: Camera, plain: Mapping[str, str]) -> str | None:
    """The recorder's address; the camera's user and password go with it to the camera's own host only."""
    template = plain.get("playback", camera.playback)
    if template is None or split_credentials(template)[1:] != (None, None):
        return template
    same = urlsplit(template).hostname == urlsplit(plain.get("url", camera.url)).hostname
    return with_credentials(template, camera.user, plain.get("password")) if same else template


def _fps(camera: Camera, whole: Directory) -> float:
    """Pictures to look at per second, as the mode of its area has it."""
    site = whole.sites[camera.site]
    overlay = whole.overlay(site.area)
    return camera.fps if overlay is None else min(camera.fps * overlay.factor(site.kind), MOST_FPS)


class CountyHolder:
    """The present county, for every thread; reload() after a change of the registry."""

    def __init__(
        self, ledger: Ledger, box: SecretBox, *, timezone: str, clock: Callable[[], datetime]
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._box = box
        self._timezone = timezone
        self._lock = threading.Lock()
        self._county = County()

    @property
    def now(self) -> County:
        """The present one."""
        with self._lock:
            return self._county

    def outdated(self, now: datetime) -> bool:
        """Whether the date has opened or closed a site since the present one was read."""
        turns = self.now.turns
        return turns is not None and now >= turns

    def reload(self) -> County:
        """Read it anew."""
        with self._ledger.read() as conn:
            fresh = read_county(conn, self._box, timezone=self._timezone, now=self._clock())
        with self._lock:
            self._county = fresh
        return fresh
