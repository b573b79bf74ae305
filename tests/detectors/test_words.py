"""Words: names, numbers, lengths of time and moments, as the explanations use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from detectors import words


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (9.3, "°C", "9.3 °C"),
        (8.0, "°C", "8 °C"),
        (-12.0, "°C", "-12 °C"),
        (21.299999237060547, "°C", "21.3 °C"),
        (1234567.0, "W", "1.23457e+06 W"),
        (1.0, "", "1"),
    ],
)
def test_numbers(value: float, unit: str, said: str) -> None:
    """With the unit; float noise of a sensor is not shown."""
    assert words.number(value, unit) == said


@pytest.mark.parametrize(
    ("span", "zh", "en"),
    [
        (timedelta(seconds=2), "2 秒", "2 s"),
        (timedelta(seconds=90), "90 秒", "90 s"),
        (timedelta(minutes=5), "5 分钟", "5 min"),
        (timedelta(hours=2), "2 小时", "2 h"),
        (timedelta(days=1), "1 天", "1 d"),
        (timedelta(milliseconds=500), "0.5 秒", "0.5 s"),
        (timedelta(0), "0 秒", "0 s"),
    ],
)
def test_lengths(span: timedelta, zh: str, en: str) -> None:
    """In the largest unit that divides it."""
    assert words.length(span).as_dict() == {"zh": zh, "en": en}


def test_moments_name_their_clock() -> None:
    """Local time with its offset, or Z."""
    moment = datetime(2026, 11, 22, 8, 0, 5, 900_000, tzinfo=UTC)
    assert words.moment(moment) == "2026-11-22 08:00:05Z"
    assert words.moment(moment, ZoneInfo("Asia/Shanghai")) == "2026-11-22 16:00:05+08:00"
    assert words.moment(moment.astimezone(timezone(timedelta(hours=-3)))) == "2026-11-22 08:00:05Z"


def test_unknown_words_stay_readable() -> None:
    """A quantity or class without a name is shown as it is."""
    assert words.quantity("soil_moisture").as_dict() == {"zh": "soil_moisture", "en": "soil moisture"}
    assert words.classes(("person", "forklift")).as_dict() == {
        "zh": "人、forklift",
        "en": "person or forklift",
    }
    assert words.state("valve", True).en == "valve is true"
    assert words.state("door", False).zh == "门关着"
