"""Statuses: what workers say of themselves every 2 s; QoS 0, the next one is newer."""

from __future__ import annotations

import json
import logging

from hub.serve.fleet import Fleet
from hub.serve.metrics import Metrics
from ingest.errors import HubError
from ingest.mqtt.message import Ack, Message

log = logging.getLogger(__name__)

STATUS = "hub/internal/v1/status/+"


class StatusIntake:
    """Statuses of workers; one per `serve`."""

    def __init__(self, fleet: Fleet, metrics: Metrics) -> None:
        self._fleet = fleet
        self._metrics = metrics

    def status(self, message: Message, ack: Ack) -> None:
        """One status, on the network thread."""
        try:
            self._fleet.report(json.loads(message.payload))
        except (HubError, ValueError) as wrong:
            self._metrics.rejected.labels("worker-status").inc()
            log.warning("a status on %s is malformed: %s", message.topic, wrong)
        ack()
