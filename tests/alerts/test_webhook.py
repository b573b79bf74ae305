"""A webhook is signed as Standard Webhooks says, and its outcome says whether a retry helps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import standardwebhooks

from alerts import signature
from alerts.channels import webhook
from ingest.errors import InvalidInput, NotAuthenticated

NOW = datetime.now(tz=UTC)
SECRET = signature.write_secret(bytes(range(32)))
HOOK = webhook.Webhook("platform", "http://receiver.example/hook", SECRET)
BODY = json.dumps({"seq": 7, "type": "case.opened", "data": {"名": "灶"}}).encode()


def test_an_independent_receiver_accepts_the_signature() -> None:
    """The reference library of the standard verifies what we send."""
    headers = dict(webhook.headers(HOOK, 7, BODY, NOW))
    assert headers["webhook-id"] == "7.platform"
    assert standardwebhooks.Webhook(SECRET).verify(BODY, headers) == json.loads(BODY)


def test_we_accept_an_independent_sender() -> None:
    """What the reference library signs is verified, and its id handed back."""
    text = BODY.decode()
    signed = standardwebhooks.Webhook(SECRET).sign("msg-1", NOW, text)
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,AAAA {signed}",
    }
    assert signature.verify(SECRET, headers, BODY, NOW) == "msg-1"


@pytest.mark.parametrize(
    ("change", "body", "now", "reason"),
    [
        ({}, BODY + b" ", NOW, "another body"),
        ({"webhook-id": "8.platform"}, BODY, NOW, "another id"),
        ({"webhook-timestamp": "1"}, BODY, NOW, "another time"),
        ({"webhook-timestamp": "soon"}, BODY, NOW, "no time"),
        ({"webhook-signature": ""}, BODY, NOW, "no signature"),
        ({"webhook-signature": "v1,"}, BODY, NOW, "empty signature"),
        ({}, BODY, NOW + timedelta(minutes=6), "played again later"),
        ({}, BODY, NOW - timedelta(minutes=6), "from the future"),
    ],
)
def test_a_bent_request_is_refused(change: dict[str, str], body: bytes, now: datetime, reason: str) -> None:
    """Every part of a request is under the signature, and it ages."""
    headers = {**webhook.headers(HOOK, 7, BODY, NOW), **change}
    with pytest.raises(NotAuthenticated):
        signature.verify(SECRET, headers, body, now)
    assert reason


@pytest.mark.parametrize(
    ("status", "ok", "retry", "reason"),
    [
        (200, True, False, "sent"),
        (204, True, False, "sent"),
        (302, False, False, "redirect"),
        (400, False, False, "rejected"),
        (410, False, False, "rejected"),
        (429, False, True, "busy"),
        (500, False, True, "server-error"),
        (503, False, True, "server-error"),
    ],
)
def test_only_2xx_is_success(status: int, ok: bool, retry: bool, reason: str) -> None:
    """Only 2xx is success, and every other answer says whether trying again helps."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    with client:
        outcome = webhook.send(client, HOOK, 7, BODY, NOW)
    assert (outcome.ok, outcome.retry, outcome.reason) == (ok, retry, reason)


def test_a_receiver_that_is_not_there_is_worth_a_retry() -> None:
    """A closed port is an outcome, no exception."""
    with httpx.Client() as client:
        outcome = webhook.send(client, webhook.Webhook("x", "http://127.0.0.1:9/", SECRET), 1, BODY, NOW)
    assert (outcome.ok, outcome.retry, outcome.reason) == (False, True, "refused")


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("ftp://host/", SECRET, "another scheme"),
        ("https:///path", SECRET, "no host"),
        ("https://user:password@host/", SECRET, "a password in the address"),
        ("https://host/", "whsec_%%%", "not base64"),
        ("https://host/", signature.write_secret(b"short"), "too short a key"),
    ],
)
def test_a_hook_that_could_not_be_sent_is_refused(url: str, secret: str, reason: str) -> None:
    """The mistake is told when the hook is made, without the secret in the message."""
    with pytest.raises(InvalidInput) as caught:
        webhook.check(url, secret)
    assert secret not in str(caught.value), reason


def test_a_hook_shows_no_secret() -> None:
    """Neither the secret nor the path of the address gets into a log."""
    assert SECRET not in repr(HOOK)
    assert "/hook" not in repr(HOOK)
