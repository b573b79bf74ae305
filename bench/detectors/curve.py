"""Curve: what is found or right, against a size that doubles, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#3b7dd8", "#d9822b", "#8a9a5b", "#a04a8a", "#555555")
WIDTH, HEIGHT = 960, 430
LEFT, RIGHT, TOP, FLOOR = 70, 30, 80, 370
LOW = 0.5


def curve(
    series: Mapping[str, Mapping[int, Sequence[float]]],
    title: str,
    *,
    wanted: float | None = None,
    low: float = LOW,
) -> str:
    """A line of means from `low` to 1 for every name, a bar from the worst value to the best; sizes double."""
    sizes = sorted({size for each in series.values() for size in each})
    first, last = math.log2(sizes[0]), math.log2(sizes[-1])

    def place(size: float, value: float) -> tuple[float, float]:
        along = (math.log2(size) - first) / ((last - first) or 1.0)
        return LEFT + (WIDTH - LEFT - RIGHT) * along, FLOOR - (FLOOR - TOP) * (value - low) / (1 - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">',
        "<style>text { font: 13px sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>',
    ]
    for tenth in range(round(low * 10), 11):
        _, y = place(sizes[0], tenth / 10)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>')
    if wanted is not None:
        _, y = place(sizes[0], wanted)
        parts.append(
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#444" stroke-dasharray="5 4"/>'
        )
    for size in sizes:
        x, _ = place(size, low)
        parts.append(f'<text x="{x:.1f}" y="{FLOOR + 22}" text-anchor="middle">{size}</text>')
    for number, (name, values) in enumerate(series.items()):
        colour, at = COLOURS[number % len(COLOURS)], LEFT + 170 * number
        parts.append(f'<rect x="{at}" y="40" width="14" height="14" fill="{colour}"/>')
        parts.append(f'<text x="{at + 20}" y="52">{escape(name)}</text>')
        means = {size: sum(each) / len(each) for size, each in sorted(values.items())}
        way = " ".join("{:.1f},{:.1f}".format(*place(size, value)) for size, value in means.items())
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for size, value in means.items():
            x, middle = place(size, value)
            (_, worst), (_, best) = place(size, min(values[size])), place(size, max(values[size]))
            aside = x + 5 * (number - len(series) // 2)
            parts.append(
                f'<line x1="{aside:.1f}" y1="{worst:.1f}" x2="{aside:.1f}" y2="{best:.1f}" stroke="{colour}"/>'
            )
            parts.append(f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="4" fill="{colour}"/>')
    return "\n".join([*parts, "</svg>", ""])
