"""Task: one text to be spoken, from the command that ordered it to its last state. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ingest.errors import MalformedPayload

State = Literal["received", "playing", "done", "failed"]
Action = Literal["play", "stop"]

PRIORITIES: Mapping[str, int] = {"emergency": 0, "county": 1, "town": 2, "village": 3, "scheduled": 4}
"""A lower number interrupts a higher one."""
LEVELS: Mapping[int, int] = {1: 0, 2: 1, 3: 2, 4: 3}
"""Warning level (1 gravest) to the same ranks, for commands that carry no priority."""

_MAX_BYTES = 16_384
_MAX_TEXT = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Command:
    """What the hub asks.

    Attributes:
        id: Of the broadcast; a second command with the same id and action changes nothing.
        action: play or stop; stop names the play it ends by its id.
        text: What is said; empty for stop.
        rank: 0 first; see PRIORITIES.
        drill: Said before and after the text, so that nobody takes it for real.
    """

    id: str
    action: Action
    text: str = ""
    rank: int = 3
    drill: bool = False

    @property
    def spoken(self) -> str:
        """The words that come out of the horn."""
        return f"这是演练。{self.text}。以上是演练。" if self.drill else self.text


def parse(payload: bytes) -> Command:
    """The command in an MQTT message; MalformedPayload says what is wrong with it."""
    if len(payload) > _MAX_BYTES:
        raise MalformedPayload(f"{len(payload)} bytes are no command", reason="too-large")
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError) as wrong:
        raise MalformedPayload("the command is not JSON", reason="not-json") from wrong
    if not isinstance(body, dict):
        raise MalformedPayload("a command is an object", reason="wrong-shape")
    key, action, text = body.get("id"), body.get("action"), body.get("text", "")
    if not isinstance(key, str) or not 0 < len(key) <= 100:
        raise MalformedPayload("a command has an id", reason="no-id", where="id")
    if action == "stop":
        return Command(key, "stop")
    if action != "play":
        raise MalformedPayload(
            f"unknown action {action!r}; play or stop", reason="unknown-action", where="action"
        )
    if not isinstance(text, str) or not text.strip():
        raise MalformedPayload("there is nothing to say", reason="no-text", where="text")
    if len(text) > _MAX_TEXT:
        raise MalformedPayload(
            f"at most {_MAX_TEXT} characters are said", reason="text-too-long", where="text"
        )
    return Command(key, "play", text.strip(), _rank(body), body.get("drill") is True)


def _rank(body: Mapping[str, object]) -> int:
    priority, level = body.get("priority"), body.get("level")
    if isinstance(priority, str):
        if priority not in PRIORITIES:
            raise MalformedPayload(
                f"unknown priority {priority!r}; {', '.join(PRIORITIES)}",
                reason="unknown-priority",
                where="priority",
            )
        return PRIORITIES[priority]
    if isinstance(level, int) and level in LEVELS:
        return LEVELS[level]
    return PRIORITIES["village"]


def id_of(payload: bytes) -> str:
    """The id of a command that could not be used, so that its sender can be told; empty when it has none."""
    try:
        body = json.loads(payload[:_MAX_BYTES])
    except (ValueError, RecursionError):
        return ""
    key = body.get("id") if isinstance(body, dict) else None
    return key if isinstance(key, str) and len(key) <= 100 else ""
