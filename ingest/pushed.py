"""Pushed: what a device brings over HTTP, made a message like any other."""

from __future__ import annotations

from datetime import datetime

from ingest.mqtt.message import Message

PREFIX = "push/"


def topic_of(device: str) -> str:
    """The topic that binds a device which pushes: `push/<its id>`."""
    return PREFIX + device


def message_of(device: str, body: bytes, *, now: datetime) -> Message:
    """The push as a message; nothing of it was kept by a broker, nothing comes twice."""
    return Message(topic_of(device), body, 0, False, now)
