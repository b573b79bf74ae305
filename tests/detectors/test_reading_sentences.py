"""What a rule over readings says of itself, in one sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from tests.detectors.folding import START, Values, at, every, level, reading, rule
from tests.detectors.reading_tables import (
    DANGER,
    HOUR,
    RANGE_KEYS,
    RIVER,
    STUCK,
    TABLES,
)


@pytest.mark.parametrize(
    ("name", "keys"), [(name, keys) for name, keys, _ in TABLES], ids=[t[0] for t in TABLES]
)
def test_it_says_so_in_one_sentence(name: str, keys: Mapping[str, object]) -> None:
    """In both languages, whatever the state; the county's clock; no sentence without since when."""
    made = rule(keys, ZoneInfo("Asia/Shanghai"))
    quantity = str(keys.get("quantity", "temperature"))
    state = made.start(START)
    for n in range(200):
        said = made.level(state, at(60 * n)).explanation
        assert said.zh.startswith("规则 r："), name
        assert said.zh.endswith("+08:00 起")
        assert said.en.startswith("Rule r: ")
        assert ", since 2026-11-2" in said.en
        assert "None" not in said.zh + said.en
        state = made.observe(state, reading(60 * n, float(n % 7 > 3) * 9, quantity))


SENTENCES: list[tuple[Mapping[str, object], Values, float, str, str]] = [
    (
        DANGER,
        [(0, 20)],
        2.5 * HOUR,
        "温度高于 8 °C 且低于 60 °C累计 2 小时 30 分钟，最多允许 2 小时",
        "for 2 h 30 min altogether, at most 2 h allowed",
    ),
    (
        STUCK,
        every(300, 0, 3900, 4.0),
        3700,
        "温度停在 4 °C，1 小时内 13 次读数未变（限 1 小时）",
        "unchanged in 13 readings of 1 h",
    ),
    (
        RANGE_KEYS,
        [(0, 9)],
        1,
        "温度 9 °C，超出此时段范围（0 °C 至 8 °C）",
        "out of the range of this hour (0 °C to 8 °C)",
    ),
    (
        {**RIVER, "quantity": "temperature"},
        [(0, 1), (600, 2)],
        600,
        "温度 2 °C，30 分钟内上升 1 °C，超过 0.5 °C",
        "rose by 1 °C within 30 min, more than 0.5 °C",
    ),
]


@pytest.mark.parametrize(
    ("keys", "values", "now", "zh", "en"), SENTENCES, ids=[str(row[0]["kind"]) for row in SENTENCES]
)
def test_sentences(keys: Mapping[str, object], values: Values, now: float, zh: str, en: str) -> None:
    """What a keeper reads."""
    said = level(rule(keys), values, now).explanation
    assert zh in said.zh
    assert en in said.en
