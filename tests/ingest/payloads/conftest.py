"""One way to ask a convention what a message says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ingest.decode import decode, match
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Say:
    """`say(convention, topic, body)` decodes a message that its convention's own filters would bring."""

    now = NOW

    def __call__(
        self,
        convention: str,
        topic: str,
        body: object,
        *,
        described: Described | None = None,
        filtered: bool = True,
    ) -> Decoded:
        if filtered:
            assert convention in match(topic), f"{convention} does not subscribe to {topic}"
        payload = body if isinstance(body, bytes) else body if isinstance(body, str) else json.dumps(body)
        raw = payload if isinstance(payload, bytes) else payload.encode()
        message = Message(topic, raw, 1, False, NOW)
        return decode(convention, message, zone=SHANGHAI, described=described or Described())

    def values(self, decoded: Decoded) -> dict[str, object]:
        """Field → value."""
        return {each.field: each.value for each in decoded.observations}


@pytest.fixture
def say() -> Say:
    return Say()
