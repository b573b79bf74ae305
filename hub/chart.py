"""Chart: the values of a device, the limit, forecasts and incidents as one picture (SVG); pure.

what it shows       where it comes from
a line              the values
a dashed line       the limit of each rule
a shaded span       an incident that a rule would have raised, from raised to cleared
a dotted cone       a forecast: where the value was expected, and within which bounds four times of five
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape
from typing import cast

from ingest.instant import parse_instant

WIDTH, HEIGHT = 1100, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 46, 76
INK, FAINT, LINE = "#1f2933", "#cbd2d9", "#1f6feb"
COLOURS = ("#c62828", "#e67700", "#6741d9", "#0b7285")
"""Of the rules, in their order."""
SURE = 1.28
"""Standard deviations: four of five lie within."""

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Frame:
    """From instants and values to the picture."""

    begin: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """Pixels from the left."""
        share = (at - self.begin) / (self.end - self.begin)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM)


def chart(tries: Sequence[Json], device: str, zone: tzinfo) -> str:
    """The picture of one device.

    Args:
        tries: Answers of a dry run with `chart`, one for each rule, over the same time.
        device: Which device of them.
        zone: Whose clock is shown.
    """
    found = [(each, _device(each, device)) for each in tries]
    points = [(parse_instant(str(at)), float(str(value))) for at, value in _rows(found[0][1], "points")]
    limits = [_limit(each) for each, _ in found]
    shown = [value for _, value in points] + [each for each in limits if each is not None]
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    room = 0.08 * (high - low or 1.0)
    begin, end = parse_instant(str(tries[0]["since"])), parse_instant(str(tries[0]["until"]))
    frame = Frame(begin, end, low - room, high + room)
    unit = str(found[0][1].get("unit", ""))
    parts = [*_grid(frame, unit, zone)]
    for colour, (_, body), limit in zip(_colours(len(found)), found, limits, strict=True):
        parts += _spells(frame, body, colour)
        parts += _forecasts(frame, body, colour)
        if limit is not None:
            y = frame.y(limit)
            parts.append(
                f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{colour}" stroke-dasharray="7 5" fill="none"/>'
            )
    path = " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="1.6"/>')
    parts += _legend(device, found, limits, unit, zone)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
    style = 'font-family="system-ui, Noto Sans CJK SC, sans-serif" font-size="12">'
    back = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return head + style + back + "".join(parts) + "</svg>\n"


def _colours(many: int) -> list[str]:
    return [COLOURS[n % len(COLOURS)] for n in range(many)]


def _device(answer: Json, device: str) -> Json:
    return next(each for each in cast("Sequence[Json]", answer["devices"]) if each["device"] == device)


def _rows(body: Json, key: str) -> Sequence[Sequence[object]]:
    return cast("Sequence[Sequence[object]]", body.get(key, ()))


def _limit(answer: Json) -> float | None:
    """The limit in the unit of the values; None for a rule that limits a time or a count."""
    rule = cast("Json", answer["rule"])
    for word in ("above", "below", "high", "low"):
        if isinstance(value := rule.get(word), int | float):
            return float(value)
    return None


def _grid(frame: Frame, unit: str, zone: tzinfo) -> list[str]:
    parts = []
    span = frame.high - frame.low
    step = next((each for each in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if span / each <= 9), span / 8)
    value = step * -(-frame.low // step)
    while value <= frame.high:
        y = frame.y(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}" stroke-width="0.6"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{value:g}</text>')
        value += step
    parts.append(f'<text x="{LEFT - 8}" y="{TOP - 10}" text-anchor="end" fill="{INK}">{escape(unit)}</text>')
    length = frame.end - frame.begin
    tick = next(
        (h for h in (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96) if length / timedelta(hours=h) <= 13), 168
    )
    local = frame.begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while local <= frame.end:
        if local >= frame.begin:
            x = frame.x(local)
            form = "%m-%d %H:%M" if length > timedelta(days=1.5) else "%H:%M"
            parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{FAINT}" stroke-width="0.6"/>')
            label = f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="{INK}">'
            parts.append(f"{label}{local.strftime(form)}</text>")
        local += timedelta(hours=tick)
    return parts


def _spells(frame: Frame, body: Json, colour: str) -> list[str]:
    parts = []
    for each in cast("Sequence[Json]", body["would_raise"]):
        raised = max(parse_instant(str(each["raised_at"])), frame.begin)
        ended = frame.end if each["cleared_at"] is None else parse_instant(str(each["cleared_at"]))
        x, width = frame.x(raised), max(frame.x(ended) - frame.x(raised), 1.5)
        place = f'x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}"'
        said = escape(str(cast("Json", each["explanation"])["zh"]))
        parts.append(f'<rect {place} fill="{colour}" fill-opacity="0.13"><title>{said}</title></rect>')
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{colour}" stroke-width="1.2"/>')
    return parts


def _forecasts(frame: Frame, body: Json, colour: str) -> list[str]:
    parts = []
    for each in cast("Sequence[Json]", body.get("forecasts", ())):
        (at, low), (then, high) = (
            (parse_instant(str(point[0])), float(str(point[1])))
            for point in (_row(each, "from"), _row(each, "to"))
        )
        far = SURE * float(str(each["deviation"]))
        x1, y1, x2 = frame.x(at), frame.y(low), frame.x(then)
        cone = f"{x1:.1f},{y1:.1f} {x2:.1f},{frame.y(high - far):.1f} {x2:.1f},{frame.y(high + far):.1f}"
        parts.append(f'<polygon points="{cone}" fill="{colour}" fill-opacity="0.25"/>')
        line = f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {frame.y(high):.1f}" fill="none"'
        parts.append(f'{line} stroke="{colour}" stroke-width="1.6" stroke-dasharray="2 3"/>')
    return parts


def _row(each: Json, key: str) -> Sequence[object]:
    return cast("Sequence[object]", each[key])


def _legend(
    device: str, found: Sequence[tuple[Json, Json]], limits: Sequence[float | None], unit: str, zone: tzinfo
) -> list[str]:
    title = escape(f"{device} · {zone}")
    parts = [f'<text x="{LEFT}" y="24" font-size="15" fill="{INK}">{title}</text>']
    for n, (colour, (answer, body), limit) in enumerate(
        zip(_colours(len(found)), found, limits, strict=True)
    ):
        rule = cast("Json", answer["rule"])
        many = len(cast("Sequence[object]", body["would_raise"]))
        at = "" if limit is None else f" · {limit:g} {unit}"
        x, y = LEFT + 8 + n * 330, HEIGHT - 22
        parts.append(
            f'<rect x="{x}" y="{y - 10}" width="14" height="12" fill="{colour}" fill-opacity="0.35"/>'
        )
        said = escape(f"{rule['id']} ({rule['kind']}){at} · {many}×")
        parts.append(f'<text x="{x + 20}" y="{y}" fill="{INK}">{said}</text>')
    return parts
