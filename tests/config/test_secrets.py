"""Secrets: encrypted or hashed at rest, apart from addresses, never in a message."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from config.secret_file import load_secret
from config.secrets import Passwords, SecretBox, hash_password, verify_password
from config.settings import Settings
from config.urls import holds_secret, split_credentials, with_credentials, without_password
from ingest.errors import HubError, InvalidSetting


def test_a_sealed_secret_opens_with_its_key_only() -> None:
    """What is sealed cannot be read without HUB_SECRET; the error says so."""
    sealed = SecretBox("a" * 40).seal("camera password")
    assert "camera" not in sealed
    assert SecretBox("a" * 40).open(sealed) == "camera password"
    with pytest.raises(HubError, match="another HUB_SECRET"):
        SecretBox("b" * 40).open(sealed)


def test_passwords() -> None:
    """A hash fits its password only; a broken hash fits nothing."""
    hashed = hash_password("correct horse")
    assert verify_password("correct horse", hashed)
    assert not verify_password("wrong horse", hashed)
    assert not verify_password("correct horse", "no hash")


def test_equal_passwords_of_two_people_do_not_look_equal() -> None:
    """Each hash has its own salt, also when they are made together."""
    passwords = Passwords()
    assert passwords.hash("wang", "same") != passwords.hash("li", "same")


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    """Ten processes that start together agree on one secret, readable by its owner only."""
    settings = Settings(data=tmp_path / "data")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(load_secret(settings))) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 1
    assert len(found[0]) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert [each.name for each in (tmp_path / "data").iterdir()] == ["secret"]


def test_a_cut_secret_is_not_replaced(tmp_path: Path) -> None:
    """A new secret would make every stored password unreadable: the file stays, the start is refused."""
    (tmp_path / "secret").write_text("short")
    with pytest.raises(InvalidSetting, match="backup"):
        load_secret(Settings(data=tmp_path))
    assert (tmp_path / "secret").read_text() == "short"


def test_a_given_secret_writes_nothing(tmp_path: Path) -> None:
    """HUB_SECRET from outside stays outside."""
    assert load_secret(Settings(data=tmp_path / "data", secret="x" * 40)) == "x" * 40
    assert not (tmp_path / "data").exists()


URLS: list[tuple[str, str, str, str | None, str | None]] = [
    ("no credentials", "rtsp://h:554/live", "rtsp://h:554/live", None, None),
    ("user and password", "rtsp://u:p@h/live", "rtsp://h/live", "u", "p"),
    ("an @ in the password", "rtsp://u:p%40ss@h/live", "rtsp://h/live", "u", "p@ss"),
    ("an unescaped @ too: the last one counts", "rtsp://u:p@ss@h/live", "rtsp://h/live", "u", "p@ss"),
    ("a user alone", "rtsp://u@h/live", "rtsp://h/live", "u", None),
    ("an empty password", "rtsp://u:@h/live", "rtsp://h/live", "u", ""),
    ("IPv6", "rtsp://u:p@[::1]:554/live", "rtsp://[::1]:554/live", "u", "p"),
]


@pytest.mark.parametrize(("why", "url", "bare", "user", "password"), URLS, ids=[row[0] for row in URLS])
def test_credentials(why: str, url: str, bare: str, user: str | None, password: str | None) -> None:
    """Address and credentials part, and find each other again."""
    assert split_credentials(url) == (bare, user, password), why
    assert split_credentials(with_credentials(bare, user, password)) == (bare, user, password)


SHOWN: list[tuple[str, str]] = [
    ("open rtsp://u:topsecret@h/a failed", "open rtsp://h/a failed"),
    ("rtsp://h/user=admin_password=topsecret_channel=1", "rtsp://h/user=admin_password=***_channel=1"),
    ("http://h/?user=a&pwd=topsecret&x=1", "http://h/?user=a&pwd=***&x=1"),
    ("nothing secret", "nothing secret"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_without_password(text: str, shown: str) -> None:
    """Messages lose what is secret in their addresses."""
    assert without_password(text) == shown


def test_a_password_in_the_path() -> None:
    """Many cameras take user and password in the path: then the whole address is a secret."""
    assert holds_secret("rtsp://h:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp")
    assert not holds_secret("rtsp://h:554/Streaming/Channels/101")
