"""Signature: Standard Webhooks: what a sender signs and a receiver checks, the same for both directions.

    webhook-id: 4711.hook-1      webhook-timestamp: 1763798400      webhook-signature: v1,<base64>

The signature is HMAC-SHA256 over `id.timestamp.body`. A secret is `whsec_` + base64 of 24 to 64 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from ingest.errors import InvalidInput, NotAuthenticated

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far a sender's clock may be off; also how long a recorded request could be played again."""


def key_of(secret: str) -> bytes:
    """The bytes behind `whsec_…`; raises InvalidInput without telling the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise InvalidInput("not base64", where="secret", mend="write whsec_ + base64") from wrong
    if not 24 <= len(key) <= 64:
        raise InvalidInput(f"{len(key)} bytes", where="secret", mend="24 to 64 bytes in base64")
    return key


def write_secret(key: bytes) -> str:
    """`whsec_…` of these bytes."""
    return PREFIX + base64.b64encode(key).decode()


def secret_of(hub_secret: str, sender: str) -> str:
    """The `whsec_…` of one sender of signals, derived: another HUB_SECRET or another name gives another one."""
    return write_secret(
        hmac.new(hub_secret.encode(), b"signals\0" + sender.encode(), hashlib.sha256).digest()
    )


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one request."""
    stamp = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{_digest(key_of(secret), message_id, stamp, body)}",
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The message id of a request that is signed with `secret`; raises NotAuthenticated.

    `headers` is read by lower-case names.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    if not message_id or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise NotAuthenticated("webhook-id, webhook-timestamp and webhook-signature are needed")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise NotAuthenticated("webhook-timestamp is more than five minutes off", mend="set the clock")
    expected = _digest(key_of(secret), message_id, stamp, body)
    given = [each.partition(",") for each in headers.get("webhook-signature", "").split(" ")]
    if not any(v == "v1" and hmac.compare_digest(s.encode(), expected.encode()) for v, _, s in given):
        raise NotAuthenticated("webhook-signature does not fit")
    return message_id


def _digest(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
