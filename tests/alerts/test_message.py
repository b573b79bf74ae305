"""What a channel says: least data outwards, in one language, with nothing smuggled in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alerts.message import SEVERITIES, WORDS, Message, cut, one_line
from alerts.notice import WHYS
from detectors.signal import SEVERITIES as KNOWN
from ingest.text import Text

MESSAGE = Message(
    id="01N.group",
    at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
    why="new-group",
    severity="life",
    title=Text("第一小学：燃气", "Gas, School 1"),
    site=Text("第一小学", "School 1"),
    open=1,
    link="https://hub.example/incidents/01I",
    zone=ZoneInfo("Asia/Shanghai"),
)


def test_every_word_is_said_in_both_languages() -> None:
    """Each reason and each severity has its words."""
    assert set(WORDS) == set(WHYS)
    assert set(SEVERITIES) == set(KNOWN)
    assert all(each.zh and each.en for each in (*WORDS.values(), *SEVERITIES.values()))


def test_the_text() -> None:
    """Severity, title, why; site; local time; a link."""
    assert MESSAGE.lines("zh") == [
        "县哨 [生命安全] 第一小学：燃气 (新报警)", "地点: 第一小学", "时间: 2026-11-22 16:00:00",
        "https://hub.example/incidents/01I",
    ]  # fmt: skip
    assert MESSAGE.lines("en")[:2] == ["县哨 [LIFE SAFETY] Gas, School 1 (new)", "Site: School 1"]
    assert replace(MESSAGE, site=None, link=None, open=3).lines("en")[1:] == [
        "Time: 2026-11-22 16:00:00",
        "Open: 3",
    ]


def test_machines_get_no_more_than_people() -> None:
    """These keys and no others."""
    assert set(MESSAGE.as_dict()) == {"id", "type", "at", "why", "severity", "title", "site", "open", "link"}
    assert json.loads(json.dumps(MESSAGE.as_dict()))["at"] == "2026-11-22T08:00:00.000Z"


@pytest.mark.parametrize("text", ["a\r\nBcc: x", "a\u2028b", "a\x00b", "a\x1b[2Jb", "  a  \t b "])
def test_one_line_is_one_line(text: str) -> None:
    """No break, no control character survives."""
    assert one_line(text).isprintable()
    assert len(one_line(text).splitlines()) == 1


def test_cut_at_a_whole_character() -> None:
    """Never more bytes than allowed, never half a character."""
    assert cut("灶台" * 10, 60) == "灶台" * 10
    for most in range(4, 60):
        assert len(cut("灶台" * 10, most).encode()) <= most
        assert cut("灶台" * 10, most).endswith("…")
