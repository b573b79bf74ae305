"""County: the registry as of the latest commit, in the shapes that this process works with."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.directory import Directory
from alerts.ledger.engine import Connection, Ledger
from config.apply import read_stored
from config.cameras import open_cameras
from config.directory import directory
from config.entries import Stored, registry_of
from config.registry import Registry
from config.secrets import SecretBox
from config.targets import CAMERAS, targets
from detectors.shelf import input_of

Json = Mapping[str, object]

DEFAULT_MODEL = "coco-ssd"


@dataclass(frozen=True)
class County:
    """One state of the registry; a change makes another.

    Attributes:
        registry: The entries, secrets as `***`.
        directory: The same for the alert core.
        cameras: What a worker needs of each camera, by device id; addresses carry their passwords.
    """

    registry: Registry = field(default_factory=Registry)
    directory: Directory = field(default_factory=Directory)
    cameras: Mapping[str, Json] = field(default_factory=dict, repr=False)


def read_county(conn: Connection, box: SecretBox, *, timezone: str) -> County:
    """The county that is stored now."""
    stored = read_stored(conn)
    registry = registry_of(stored)
    whole = directory(registry, timezone=timezone)
    return County(registry, whole, _cameras(registry, whole, stored, box))


def _cameras(
    registry: Registry, whole: Directory, stored: tuple[Stored, ...], box: SecretBox
) -> dict[str, Json]:
    rules: dict[str, list[Json]] = {}
    for rule in registry.rules:
        if input_of(rule) == "tracks":
            for device in targets(rule, whole, CAMERAS):
                rules.setdefault(device.id, []).append(rule.model_dump(mode="json", exclude_none=True))
    return {
        each.camera.id: {
            "device": each.camera.id,
            "site": each.camera.site,
            "url": each.url,
            "transport": each.camera.transport,
            "fps": each.camera.fps,
            "model": each.camera.model or DEFAULT_MODEL,
            "timezone": str(whole.zone(whole.sites[each.camera.site].area)),
            "rules": rules.get(each.camera.id, []),
        }
        for each in open_cameras(stored, box)
    }


class CountyHolder:
    """The present county, for every thread; reload() after a change of the registry."""

    def __init__(self, ledger: Ledger, box: SecretBox, *, timezone: str) -> None:
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

    def reload(self) -> County:
        """Read it anew."""
        with self._ledger.read() as conn:
            fresh = read_county(conn, self._box, timezone=self._timezone)
        with self._lock:
            self._county = fresh
        return fresh
