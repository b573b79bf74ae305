"""Settings: flags win over environment, over hub.toml, over defaults; every mistake names where it stands."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from config.settings import Settings, add_flags, load_settings, unknown_variables
from ingest.errors import InvalidSetting


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's hub.toml."""
    monkeypatch.chdir(tmp_path)


PRECEDENCE: list[tuple[str, dict[str, object], dict[str, str], str, int]] = [
    ("nothing given: the default", {}, {}, "", 8000),
    ("the file", {}, {}, "port = 1\n", 1),
    ("the environment wins over the file", {}, {"HUB_PORT": "2"}, "port = 1\n", 2),
    ("a flag wins over all", {"port": "3"}, {"HUB_PORT": "2"}, "port = 1\n", 3),
    ("an empty variable is none", {}, {"HUB_PORT": ""}, "port = 1\n", 1),
    ("a flag not given is none", {"port": None}, {"HUB_PORT": "2"}, "", 2),
]


@pytest.mark.parametrize(
    ("why", "flags", "env", "toml", "port"), PRECEDENCE, ids=[row[0] for row in PRECEDENCE]
)
def test_precedence(why: str, flags: dict[str, object], env: dict[str, str], toml: str, port: int) -> None:
    """Each source is overruled by the next."""
    if toml:
        Path("hub.toml").write_text(toml)
    assert load_settings(flags, env).port == port, why


WRONG: list[tuple[str, dict[str, object], dict[str, str], str, str]] = [
    ("a flag", {"port": "x"}, {}, "", r"^--port: 'x' is not a whole number; "),
    ("a variable", {}, {"HUB_PORT": "70000"}, "", r"^HUB_PORT: .*out of range; .*65535"),
    (
        "a line of the file",
        {},
        {},
        "# hello\n\nport = 'x'\n",
        r"^hub\.toml:3: port: 'x' is not a whole number; ",
    ),
    ("an unknown key", {}, {}, "\nprot = 1\n", r"^hub\.toml:2: unknown setting prot; did you mean port\?"),
    ("no TOML", {}, {}, "port = 1\nhost\n", r"^hub\.toml:2: .*; write lines like port = 8000"),
    ("a zone nobody knows", {}, {"HUB_TIMEZONE": "Mars/Base"}, "", r"^HUB_TIMEZONE: .*write Asia/Shanghai"),
    ("a short secret", {}, {"HUB_SECRET": "topsecret"}, "", r"^HUB_SECRET: too short; write 32 characters"),
    ("no broker", {}, {"HUB_BROKER_URL": "http://h"}, "", r"^HUB_BROKER_URL: .*; write mqtt://host:1883"),
    (
        "no ledger",
        {},
        {"HUB_DATABASE_URL": "mysql://u:topsecret@h/d"},
        "",
        r"^HUB_DATABASE_URL: .*; write sqlite:",
    ),
    ("a level nobody logs", {}, {"HUB_LOG": "loud"}, "", r"^HUB_LOG: .*; one of: debug, info"),
    (
        "a file that is not there",
        {"settings": "no.toml"},
        {},
        "",
        r"^no\.toml: the settings file cannot be read; ",
    ),
]


@pytest.mark.parametrize(("why", "flags", "env", "toml", "told"), WRONG, ids=[row[0] for row in WRONG])
def test_wrong(why: str, flags: dict[str, object], env: dict[str, str], toml: str, told: str) -> None:
    """The flag, the variable or the line of the file is named, with the mend; no secret is repeated."""
    if toml:
        Path("hub.toml").write_text(toml)
    with pytest.raises(InvalidSetting, match=told) as caught:
        load_settings(flags, env)
    assert "topsecret" not in str(caught.value), why


def test_a_named_file(tmp_path: Path) -> None:
    """--settings and HUB_SETTINGS name another file."""
    file = tmp_path / "other.toml"
    file.write_text("port = 4\nguest = true\n")
    assert load_settings({"settings": str(file)}, {}).port == 4
    assert load_settings({}, {"HUB_SETTINGS": str(file)}).guest is True


def test_the_ledger() -> None:
    """SQLite in the data folder unless an address is given; PostgreSQL gets its driver."""
    assert load_settings({"data": "/srv/hub"}, {}).database == "sqlite:////srv/hub/hub.db"
    given = load_settings({"database_url": "postgresql://u:p@h/d"}, {}).database
    assert given == "postgresql+psycopg://u:p@h/d"


def test_nothing_secret_is_printed() -> None:
    """The settings may be logged."""
    env = {
        "HUB_SECRET": "topsecret" * 4,
        "HUB_ADMIN_PASSWORD": "topsecret",
        "HUB_BROKER_URL": "mqtt://u:topsecret@h",
        "HUB_DATABASE_URL": "postgresql://u:topsecret@h/d",
    }
    assert "topsecret" not in repr(load_settings({}, env))


def test_flags_are_made_of_the_fields() -> None:
    """A command's flags carry the manual's words and the variable's name."""
    parser = argparse.ArgumentParser()
    add_flags(parser, ("port", "guest"))
    assert "[HUB_PORT]" in parser.format_help()
    assert load_settings(vars(parser.parse_args(["--port", "5", "--guest"])), {}) == Settings(
        port=5, guest=True
    )
    assert load_settings(vars(parser.parse_args([])), {"HUB_GUEST": "true"}).guest is True


def test_unknown_variables() -> None:
    """A misspelt variable is noticed."""
    assert unknown_variables({"HUB_PROT": "1", "HUB_DATA": "x", "HOME": "/"}) == {"HUB_PROT": "HUB_PORT"}
