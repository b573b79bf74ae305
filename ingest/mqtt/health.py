"""Health of a connection to the broker, and the will it leaves there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when we vanish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True)
class ClientHealth:
    """How the connection is.

    Attributes:
        connected: MQTT says so, not only TCP.
        since: When `connected` last changed (UTC).
        reason: Why it is away, a short sentence; empty when connected.
        received: Messages that came.
        acknowledged: PUBACKs that were sent.
        published: Publishes whose PUBACK came (QoS 0: that were written).
        pending: Publishes still waiting.
        connections: How often a connection was made.
        sessions_lost: How often the broker had forgotten our session.
        handler_errors: Exceptions that handlers and callbacks raised; such a message stays unacknowledged.
        unhandled: Messages that no handler wanted; acknowledged and dropped.
        refused_filters: Subscriptions that the broker refused.
        last_error: The latest exception or refusal, one line.
    """

    connected: bool
    since: datetime
    reason: str
    received: int
    acknowledged: int
    published: int
    pending: int
    connections: int
    sessions_lost: int
    handler_errors: int
    unhandled: int
    refused_filters: tuple[str, ...]
    last_error: str
