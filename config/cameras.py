"""Cameras: registry cameras with their addresses as a worker needs them; nobody else is shown these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.entries import Stored, item_of
from config.registry import Camera
from config.secrets import SecretBox
from config.urls import with_credentials


@dataclass(frozen=True, slots=True)
class OpenCamera:
    """One camera.

    Attributes:
        camera: As registered, secrets as `***`.
        url: With user and password; never logged, never sent to anybody but its worker.
        substream: The same for the smaller stream, or None.
    """

    camera: Camera
    url: str = field(repr=False)
    substream: str | None = field(repr=False, default=None)


def open_cameras(stored: Iterable[Stored], box: SecretBox) -> tuple[OpenCamera, ...]:
    """Every camera among stored entries; HubError when they were sealed with another secret."""
    found = []
    for each in stored:
        if each.noun != "device" or each.body.get("kind") != "camera":
            continue
        camera = item_of(each)
        if isinstance(camera, Camera):
            secrets = {name: box.open(value) for name, value in each.secrets.items()}
            user, password = camera.user, secrets.get("password")
            url = with_credentials(secrets.get("url", camera.url), user, password)
            smaller = secrets.get("substream", camera.substream)
            found.append(
                OpenCamera(camera, url, with_credentials(smaller, user, password) if smaller else None)
            )
    return tuple(found)
