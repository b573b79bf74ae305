"""Ear: hears everything that workers say over the broker."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast

from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from tests.servers.workers import Json, camera_of


class Ear:
    """Signals and statuses, in the order in which they came."""

    def __init__(self, url: str) -> None:
        self.signals: list[Json] = []
        self.statuses: list[Json] = []
        self._client = Client(url, "ear", clock=lambda: datetime.now(UTC))
        self._client.subscribe([("hub/internal/v1/#", 1)], self._hear)
        self._client.start()

    def _hear(self, message: Message, ack: Ack) -> None:
        into = self.signals if "/signals/" in message.topic else self.statuses
        into.append(cast("Json", json.loads(message.payload)))
        ack()

    def states(self, device: str) -> list[object]:
        """Every state that signals of this camera had."""
        return [each["state"] for each in self.signals if each["device"] == device]

    def camera(self, device: str) -> Json:
        """The camera in the newest status."""
        return camera_of(self.statuses[-1], device) if self.statuses else {}

    def model(self) -> Json:
        """The first model in the newest status."""
        models = cast("list[Json]", self.statuses[-1]["models"]) if self.statuses else []
        return models[0] if models else {}

    def close(self) -> None:
        """Hear no more."""
        self._client.stop(3)
