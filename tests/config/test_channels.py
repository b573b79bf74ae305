"""Channels in the registry: read with every mistake, secrets hidden, an export is all unchanged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.ledger.engine import Ledger
from config.directory import directory
from config.door import Door
from config.load import load
from config.registry import Registry
from config.secrets import SecretBox
from ingest.errors import InvalidRegistry

BASE = """
areas: [{id: county, level: county, name: 县}]
units: [{id: room, name: 值班室}]
"""
KEY = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
SECRET = "whsec_" + "c2VjcmV0" * 5
CHANNELS = f"""
channels:
  - {{id: platform, kind: webhook, url: "https://platform.example/notices?token=t0ken", secret: {SECRET}}}
  - {{id: screen, kind: mqtt}}
  - {{id: city, kind: mqtt, url: "mqtts://city.example", user: hub, password: pa55word, topic: county/notices}}
  - {{id: duty-group, kind: wecom, url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"}}
  - {{id: town-group, kind: dingtalk, url: "https://oapi.dingtalk.com/robot/send?access_token=t0k3n", secret: SEC123}}
  - {{id: mail, kind: smtp, host: mail.example, user: hub, password: pa55word, sender: hub@county.example,
     to: [room@county.example]}}
"""
SECRETS = (KEY, SECRET, "t0ken", "t0k3n", "SEC123", "pa55word")


def test_the_directory_knows_them() -> None:
    """Whoever decides where a notice goes finds each by its id."""
    known = directory(load(BASE + CHANNELS, "c.yaml"))
    assert known.channels == {
        "platform": "webhook", "screen": "mqtt", "city": "mqtt", "duty-group": "wecom", "town-group": "dingtalk",
        "mail": "smtp",
    }  # fmt: skip


WRONG = [
    ("a kind nobody knows", "kind: wecom", "kind: wechat", "unknown kind 'wechat'"),
    ("a file as address", "https://qyapi.weixin.qq.com", "file://", "not an http or https address"),
    ("a robot's address without its key", f"send?key={KEY}", "send", "not a robot's address"),
    ("a robot's address without its token", "?access_token=t0k3n", "", "not a robot's address"),
    ("a password in the address", "https://platform", "https://u:p@platform", "a password in the address"),
    ("no key", f"secret: {SECRET}", "secret: abc", "the secret is"),
    ("no receiver", "to: [room@county.example]", "to: []", "0 mail addresses"),
    ("no mailbox", "room@county.example", "room", "no mail address"),
    ("a user without password", "user: hub, password: pa55word, sender", "user: hub, sender", "belong together"),
    ("a password in plain", "sender: hub@", "security: none, sender: hub@", "in plain"),
    ("a topic of devices", "topic: county/notices", "topic: hub/v1/school-1/gas/telemetry", "devices and workers"),
    ("a topic for many", "topic: county/notices", 'topic: "county/+"', ""),
    ("a password in the broker's address", "mqtts://city", "mqtts://u:p@city", "a user in the address"),
    ("a login without broker", "{id: screen, kind: mqtt}", "{id: screen, kind: mqtt, user: x}", "without url"),
    ("a key nobody knows", "{id: screen, kind: mqtt}", "{id: screen, kind: mqtt, colour: red}", "unknown key"),
    ("a language nobody speaks", "{id: screen, kind: mqtt}", "{id: screen, kind: mqtt, language: fr}", "not known"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "put", "told"), WRONG, ids=[row[0] for row in WRONG])
def test_a_mistake_is_told_with_its_line_and_without_secrets(
    why: str, text: str, put: str, told: str
) -> None:
    """What is wrong, where, and how to mend it."""
    with pytest.raises(InvalidRegistry) as caught:
        load(BASE + CHANNELS.replace(text, put), "c.yaml")
    mistake = caught.value.mistakes[0]
    assert len(caught.value.mistakes) == 1, caught.value.mistakes
    assert told in mistake.what, why
    assert mistake.path.startswith("channels[")
    assert mistake.line > 4
    assert not [each for each in SECRETS if each in str(mistake)]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """An empty registry."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=lambda: datetime.now(UTC))
    yield Door(ledger, SecretBox("s" * 40), clock=lambda: datetime.now(UTC))
    ledger.close()


def counts(door: Door, text: str) -> tuple[object, ...]:
    """Created, updated, unchanged, deleted."""
    report = door.apply(text, name="c.yaml", prune=True, dry_run=False, who="test")
    return tuple(report[what] for what in ("created", "updated", "unchanged", "deleted"))


@pytest.mark.slow
def test_secrets_are_sealed_and_an_export_changes_nothing(door: Door, tmp_path: Path) -> None:
    """Tokens inside addresses are secrets like passwords: not in the database, not in an export; *** keeps them."""
    assert counts(door, BASE + CHANNELS) == (8, 0, 0, 0)
    assert counts(door, BASE + CHANNELS) == (0, 0, 8, 0)
    text = door.export(who="test")
    assert counts(door, text) == (0, 0, 8, 0)
    dump = "\n".join(sqlite3.connect(tmp_path / "hub.db").iterdump())
    assert not [each for each in SECRETS if each in text or each in dump]


MOVED = [
    ("another mail server", "host: mail.example", "host: mail.evil.example"),
    ("another port", "host: mail.example", "host: mail.example, port: 2525"),
    ("another broker", "mqtts://city.example", "mqtts://evil.example"),
    ("without encryption", "mqtts://city.example", "mqtt://city.example"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("why", "text", "put"), MOVED, ids=[row[0] for row in MOVED])
def test_a_password_stays_where_it_was(door: Door, why: str, text: str, put: str) -> None:
    """Whoever may change where a channel goes must not have the stored password sent there."""
    counts(door, BASE + CHANNELS)
    with pytest.raises(InvalidRegistry, match="1 mistake") as caught:
        counts(door, door.export(who="test").replace(text, put))
    assert "*** cannot keep the password" in caught.value.mistakes[0].what, why


def test_an_empty_county_has_none() -> None:
    """A registry without channels is whole."""
    assert Registry().channels == ()
