"""Figures: several repeats of several contestants, as a table of medians and as a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from statistics import median, quantiles


@dataclass(slots=True)
class Figures:
    """What was measured.

    Attributes:
        unit: Of every value, such as `messages/s`.
        values: Contestant → one value per repeat; the first contestant is what the others are compared with.
    """

    unit: str
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, contestant: str, value: float) -> None:
        """One repeat of one contestant."""
        self.values.setdefault(contestant, []).append(value)

    def rows(self) -> list[tuple[str, float, float, float]]:
        """(contestant, median, spread between the quartiles, ratio to the first contestant's median)."""
        first = median(next(iter(self.values.values())))
        return [
            (name, median(each), _spread(each), median(each) / first) for name, each in self.values.items()
        ]

    def table(self) -> str:
        """As Markdown."""
        repeats = len(next(iter(self.values.values())))
        lines = [f"| | median, {self.unit} | quartiles apart | ratio |", "|---|---:|---:|---:|"]
        lines += [
            f"| {name} | {_number(mid)} | {_number(spread)} | {ratio:.2f} |"
            for name, mid, spread, ratio in self.rows()
        ]
        return "\n".join([*lines, "", f"{repeats} interleaved repeats."])

    def svg(self, title: str) -> str:
        """Bars of the medians."""
        rows = self.rows()
        most = max(mid for _, mid, _, _ in rows)
        height = 46 + 34 * len(rows)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{height}">',
            "<style>text { font: 14px sans-serif }</style>",
            f'<rect width="720" height="{height}" fill="#fff"/>',
            f'<text x="12" y="24" font-weight="bold">{escape(title)}, {escape(self.unit)}</text>',
        ]
        for at, (name, mid, _, ratio) in enumerate(rows):
            y = 40 + 34 * at
            width = 380 * mid / most
            parts.append(f'<text x="12" y="{y + 17}">{escape(name)}</text>')
            parts.append(f'<rect x="200" y="{y}" width="{width:.0f}" height="24" fill="#3b7dd8"/>')
            parts.append(f'<text x="{206 + width:.0f}" y="{y + 17}">{_number(mid)} ({ratio:.2f})</text>')
        return "\n".join([*parts, "</svg>", ""])


def _number(value: float) -> str:
    """Three digits say enough."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _spread(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = quantiles(values, n=4)
    return high - low
