"""A webhook is signed as Standard Webhooks says, and its outcome says whether a retry helps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from alerts import signature
from alerts.channel import Answer
from alerts.channels import webhook
from ingest.errors import InvalidInput, NotAuthenticated

NOW = datetime.now(tz=UTC)
SECRET = signature.write_secret(bytes(range(32)))
ID = "7.platform"
BODY = json.dumps({"seq": 7, "type": "case.opened", "data": {"名": "灶"}}).encode()


def test_an_independent_receiver_accepts_the_signature() -> None:
    """The reference library of the standard verifies what we send."""
    headers = dict(webhook.headers(SECRET, ID, BODY, datetime.now(tz=UTC)))
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
    headers = {**webhook.headers(SECRET, ID, BODY, NOW), **change}
    with pytest.raises(NotAuthenticated):
        signature.verify(SECRET, headers, body, now)
    assert reason


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200), (True, False, "sent", None)),
        (Answer(204), (True, False, "sent", None)),
        (Answer(302), (False, False, "redirect", None)),
        (Answer(400), (False, False, "rejected", None)),
        (Answer(408), (False, True, "busy", None)),
        (Answer(410), (False, False, "gone", None)),
        (Answer(425), (False, True, "busy", None)),
        (Answer(429, "30"), (False, True, "busy", 30)),
        (Answer(500), (False, True, "server-error", None)),
        (Answer(503, "7"), (False, True, "server-error", 7)),
        (Answer(503, "Wed, 21 Oct 2026 07:28:00 GMT"), (False, True, "server-error", None)),
        (Answer(503, "9" * 40), (False, True, "server-error", 86_400)),
    ],
    ids=str,
)
def test_only_2xx_is_success(answer: Answer, told: tuple[bool, bool, str, int | None]) -> None:
    """Only 2xx is success, and every other answer says whether trying again helps, and when."""
    found = webhook.judge(answer)
    assert (found.ok, found.retry, found.reason, found.retry_after) == told


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
