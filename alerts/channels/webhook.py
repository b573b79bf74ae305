"""Webhook: one committed event to one receiver, signed (Standard Webhooks).

`webhook-id` is `<seq>.<hook id>`: the same at every retry, so that the receiver can drop doubles. Which event is
next, and when to try again, is the outbox's matter; this file sends one and says how it went.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

import httpx

from alerts.signature import key_of, sign
from ingest.errors import InvalidInput

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Seconds for a receiver to answer; a slow one is tried again."""

Reason = Literal[
    "sent", "refused", "timeout", "tls", "unreachable", "busy", "server-error", "rejected", "redirect"
]
"""How it went; also the metric's label."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver.

    Attributes:
        id: Of the hook.
        url: http or https.
        secret: `whsec_…`; never sent, never logged.
    """

    id: str
    url: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret and without what the address may hide."""
        return f"Webhook(id={self.id!r}, host={urlsplit(self.url).hostname!r})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt went.

    Attributes:
        ok: The receiver answered 2xx.
        retry: Trying again may help. The order per hook is kept, so a hook waits until its event is taken; an
            answer that no retry changes (4xx) is tried again too, but slowly, and shown.
        reason: Short slug, also the metric's label.
        status: HTTP status, or None when there was no answer.
        retry_after: Seconds the receiver asked for, or None.
    """

    ok: bool
    retry: bool
    reason: Reason
    status: int | None = None
    retry_after: int | None = None


def check(url: str, secret: str) -> None:
    """Raise InvalidInput unless a hook can be sent to this address with this secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("not an http or https address", where="url", mend="write https://host/path")
    if parts.username or parts.password:
        raise InvalidInput("a password in the address", where="url", mend="the signature authenticates")
    key_of(secret)


def headers(hook: Webhook, seq: int, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of one attempt: the id is stable over retries, the timestamp is of this attempt."""
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "xianshao",
        **sign(hook.secret, f"{seq}.{hook.id}", now, body),
    }


def send(client: httpx.Client, hook: Webhook, seq: int, body: bytes, now: datetime) -> Outcome:
    """One attempt; never raises for what the network or the receiver does."""
    try:
        answer = client.post(
            hook.url,
            content=body,
            headers=dict(headers(hook, seq, body, now)),
            timeout=TIMEOUT,
            follow_redirects=False,
        )
    except httpx.TimeoutException:
        return Outcome(ok=False, retry=True, reason="timeout")
    except httpx.ConnectError as wrong:
        text = str(wrong).lower()
        reason: Reason = "tls" if "ssl" in text or "certificate" in text else "refused"
        return Outcome(ok=False, retry=True, reason=reason)
    except (httpx.HTTPError, httpx.InvalidURL):
        return Outcome(ok=False, retry=True, reason="unreachable")
    return judge(answer.status_code, answer.headers.get("retry-after"))


def judge(status: int, retry_after: str | None = None) -> Outcome:
    """What a receiver's answer means: only 2xx is success."""
    wait = int(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
    if 200 <= status < 300:
        return Outcome(ok=True, retry=False, reason="sent", status=status)
    if status in (408, 425, 429):
        return Outcome(ok=False, retry=True, reason="busy", status=status, retry_after=wait)
    if status >= 500:
        return Outcome(ok=False, retry=True, reason="server-error", status=status, retry_after=wait)
    if 300 <= status < 400:
        return Outcome(ok=False, retry=False, reason="redirect", status=status)
    return Outcome(ok=False, retry=False, reason="rejected", status=status)
