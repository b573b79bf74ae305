"""The shelf of channels: what is on it, and a broken file stops start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Literal

import pytest

from alerts import shelf
from alerts.channel import ChannelParams

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_there() -> None:
    """The word after `kind:` is the file's name."""
    assert set(shelf.kinds()) == {"webhook", "mqtt", "wecom", "dingtalk", "smtp"}


class _Right(ChannelParams):
    kind: Literal["pigeon"]


class _OtherWord(ChannelParams):
    kind: Literal["dove"]


class _WrongSecret(ChannelParams):
    SECRETS: ClassVar[frozenset[str]] = frozenset({"token"})

    kind: Literal["pigeon"]


@pytest.mark.parametrize(
    ("exports", "reason"),
    [
        ({"send": print}, "no `Params`"),
        ({"Params": dict, "send": print}, "no `Params`"),
        ({"Params": _OtherWord, "send": print}, "the name of its file"),
        ({"Params": _WrongSecret, "send": print}, "no such key"),
        ({"Params": _Right}, "no `send`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_channel_is_refused(exports: dict[str, object], reason: str) -> None:
    """The error says what is missing."""
    module = ModuleType("alerts.channels.pigeon")
    vars(module).update(exports)
    with pytest.raises(ImportError, match=reason):
        shelf.check("pigeon", module)


@pytest.mark.slow
def test_a_file_that_fails_to_import_stops_start_up(tmp_path: Path) -> None:
    """No command of the hub runs with a broken file on the shelf."""
    (tmp_path / "pigeon.py").write_text("import nothing_of_this_name\n")
    code = f"import alerts.channels; alerts.channels.__path__.append({str(tmp_path)!r}); import hub.serve.run"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "nothing_of_this_name" in done.stderr
