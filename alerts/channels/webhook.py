"""webhook: JSON to an HTTP receiver, signed (Standard Webhooks). Notices come by `kind: webhook`.

The event webhooks of `POST /api/v1/webhooks` are sent by the same post(). `webhook-id` is the same at every retry, so
that the receiver can drop doubles; which event is next, and when to try again, is the outbox's matter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator

from alerts.channel import Answer, ChannelParams, HttpUrl, NoAnswer, Outcome, Transport
from alerts.message import Message
from alerts.signature import key_of, sign
from ingest.errors import InvalidInput
from ingest.masked import MASK

LONGEST_WAIT = 86_400
"""Seconds of a Retry-After that are believed."""


def _secret(secret: str) -> str:
    if secret != MASK:
        try:
            key_of(secret)
        except InvalidInput as wrong:
            raise ValueError(f"the secret is {wrong.message}; {wrong.mend}") from wrong
    return secret


class Params(ChannelParams):
    """A receiver of notices: its address, and the `whsec_…` with which it checks them."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"url", "secret"})

    kind: Literal["webhook"]
    url: HttpUrl
    secret: Annotated[str, AfterValidator(_secret)]


def send(transport: Transport, params: Params, message: Message, now: datetime) -> Outcome:
    """One attempt."""
    body = json.dumps(message.as_dict(), ensure_ascii=False, separators=(",", ":")).encode()
    return post(transport, params.url, params.secret, message.id, body, now)


def post(  # noqa: PLR0917 - where to, signed how, which message: each is named by its type or its place
    transport: Transport, url: str, secret: str, message_id: str, body: bytes, now: datetime
) -> Outcome:
    """One signed POST; never raises for what the network or the receiver does."""
    try:
        return judge(transport.post(url, body, headers(secret, message_id, body, now)))
    except NoAnswer as none:
        return Outcome(ok=False, retry=True, reason=none.reason)


def headers(secret: str, message_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of one attempt: the id is stable over retries, the timestamp is of this attempt."""
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "xianshao",
        **sign(secret, message_id, now, body),
    }


def judge(answer: Answer) -> Outcome:
    """What a receiver's answer means: only 2xx is success."""
    status, wait = answer.status, seconds(answer.retry_after)
    if 200 <= status < 300:
        return Outcome(ok=True, retry=False, reason="sent", code=status)
    if status in {408, 425, 429}:
        return Outcome(ok=False, retry=True, reason="busy", code=status, retry_after=wait)
    if status >= 500:
        return Outcome(ok=False, retry=True, reason="server-error", code=status, retry_after=wait)
    if status == 410:
        return Outcome(ok=False, retry=False, reason="gone", code=status)
    if 300 <= status < 400:
        return Outcome(ok=False, retry=False, reason="redirect", code=status)
    return Outcome(ok=False, retry=False, reason="rejected", code=status)


def seconds(retry_after: str) -> int | None:
    """The seconds of a Retry-After header; None without one, or when it names a date instead."""
    if not retry_after.isascii() or not retry_after.isdigit():
        return None
    return min(int(retry_after[:9]), LONGEST_WAIT)


def check(url: str, secret: str) -> None:
    """Raise InvalidInput unless a hook can be sent to this address with this secret."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput("not an http or https address", where="url", mend="write https://host/path")
    if parts.username or parts.password:
        raise InvalidInput("a password in the address", where="url", mend="the signature authenticates")
    key_of(secret)
