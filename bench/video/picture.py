"""Picture: the same figures to look at, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from bench.video.verdict import Row

COLOURS = ("#3b7dd8", "#d9822b", "#8a9a5b", "#a04a8a")
WIDTH = 960
LEFT, RIGHT = 70, 20
STYLE = "<style>text { font: 13px sans-serif }</style>"


def bars(rows: Sequence[Row], title: str) -> str:
    """A group of bars for every scene and coding; an outlined bar is void."""
    groups = list(dict.fromkeys((row.scene, row.coding) for row in rows))
    names = list(dict.fromkeys(row.contestant for row in rows))
    most = max(row.per_camera for row in rows)
    height, top, floor = 400, 70, 350
    parts = [*_head(height, title), *_legend(names)]
    step = (WIDTH - LEFT - RIGHT) / len(groups)
    width = step / (len(names) + 1)
    for at, group in enumerate(groups):
        left = LEFT + at * step
        middle = left + step / 2 - width / 2
        parts.append(
            f'<text x="{middle:.0f}" y="{floor + 22}" text-anchor="middle">{", ".join(group)}</text>'
        )
        for row in rows:
            if (row.scene, row.coding) != group:
                continue
            number = names.index(row.contestant)
            tall = (floor - top) * row.per_camera / most
            x, y, colour = left + number * width, floor - tall, COLOURS[number % len(COLOURS)]
            fill = f'fill="none" stroke="{colour}"' if row.void else f'fill="{colour}"'
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 3:.1f}" height="{tall:.1f}" {fill}/>'
            )
            value = f"{row.per_camera:.2f}" if row.per_camera < 10 else f"{row.per_camera:.1f}"
            parts.append(
                f'<text x="{x + width / 2 - 1:.1f}" y="{y - 4:.1f}" text-anchor="middle">{value}</text>'
            )
    parts.append(f'<line x1="{LEFT}" y1="{floor}" x2="{WIDTH - RIGHT}" y2="{floor}" stroke="#444"/>')
    return "\n".join([*parts, "</svg>", ""])


def lines(series: Mapping[str, Sequence[tuple[int, float, bool]]], title: str) -> str:
    """A line for every name through (cameras, value, held); both axes double; a cross where it no longer held."""
    points = [point for each in series.values() for point in each]
    height, top, floor = 460, 70, 400
    last = max(math.log2(cameras) for cameras, _, _ in points) or 1
    low = math.floor(math.log2(max(min(value for _, value, _ in points), 1e-3)))
    high = math.ceil(math.log2(max(value for _, value, _ in points)))
    high = max(high, low + 1)

    def place(cameras: int, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT - 10) * math.log2(cameras) / last
        y = floor - (floor - top) * (math.log2(max(value, 1e-3)) - low) / (high - low)
        return x, y

    parts = [*_head(height, title), *_legend(list(series))]
    for power in range(low, high + 1):
        _, y = place(1, 2.0**power)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{2.0**power:g}</text>')
    for cameras in sorted({cameras for cameras, _, _ in points}):
        x, _ = place(cameras, 1.0)
        parts.append(f'<text x="{x:.1f}" y="{floor + 22}" text-anchor="middle">{cameras}</text>')
    for number, each in enumerate(series.values()):
        colour = COLOURS[number % len(COLOURS)]
        way = " ".join("{:.1f},{:.1f}".format(*place(cameras, value)) for cameras, value, _ in each)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for cameras, value, held in each:
            x, y = place(cameras, value)
            if held:
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
            else:
                parts.append(
                    f'<path d="M{x - 6:.1f} {y - 6:.1f}l12 12m0 -12l-12 12" stroke="{colour}" stroke-width="3"/>'
                )
    return "\n".join([*parts, "</svg>", ""])


def _head(height: int, title: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">',
        STYLE,
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>',
    ]


def _legend(names: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for number, name in enumerate(names):
        x = LEFT + 190 * number
        parts.append(f'<rect x="{x}" y="38" width="14" height="14" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(f'<text x="{x + 20}" y="50">{escape(name)}</text>')
    return parts
