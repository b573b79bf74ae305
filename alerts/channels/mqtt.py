"""mqtt: the notice as JSON on a topic, QoS 1: to the hub's own broker, or to another one.

The `id` in the JSON is the same at every try. Not retained: who listens later is not told again.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alerts.channel import Broker, ChannelParams, NoAnswer, Outcome, Transport
from alerts.message import Message
from ingest.errors import InvalidInput, InvalidSetting
from ingest.mqtt.address import Address
from ingest.mqtt.topics import check_topic

TOPIC = "hub/notices/{id}"
"""Where a channel without a topic publishes."""


def _url(url: str) -> str:
    try:
        found = Address.parse(url)
    except InvalidSetting as wrong:
        raise ValueError(f"{wrong.message}; {wrong.mend}") from wrong
    if found.user is not None or found.password is not None:
        raise ValueError("a user in the address; write user: and password: beside it")
    return url


def _topic(topic: str) -> str:
    try:
        check_topic(topic)
    except InvalidInput as wrong:
        raise ValueError(f"{wrong.message}; {wrong.mend}") from wrong
    if topic.startswith("hub/") and not topic.startswith("hub/notices/"):
        raise ValueError("devices and workers speak there; write hub/notices/… or a topic of your own")
    return topic


class Params(ChannelParams):
    """A topic; without `url` on the hub's own broker."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"password"})

    kind: Literal["mqtt"]
    url: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_url)] | None = None
    user: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    topic: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_topic)] | None = None

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if self.url is None and (self.user is not None or self.password is not None):
            raise ValueError("user and password without url; the hub is known to its own broker")
        return self

    def place(self) -> tuple[object, ...]:
        """Broker and user."""
        return (self.url, self.user)


def send(transport: Transport, params: Params, message: Message, now: datetime) -> Outcome:  # noqa: ARG001 - one signature for the shelf
    """One attempt; ok when the broker has acknowledged it."""
    broker = None if params.url is None else Broker(params.url, params.user, params.password)
    topic = params.topic or TOPIC.format(id=params.id)
    payload = json.dumps(message.as_dict(), ensure_ascii=False, separators=(",", ":")).encode()
    try:
        transport.publish(broker, topic, payload)
    except NoAnswer as none:
        # a broker that refuses this topic refuses it again
        return Outcome(ok=False, retry=none.reason != "rejected", reason=none.reason)
    return Outcome(ok=True, retry=False, reason="sent")
