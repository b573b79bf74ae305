"""Account: what is stored is held against what was sent; nothing more, nothing less, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench.fuzz.payloads import Sent

SHOWN = 10
"""Of each kind of mistake."""
MOMENT = timedelta(milliseconds=2)
"""A time of arrival is stored to the millisecond."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stored reading."""

    device: str
    quantity: str
    value: float
    unit: str
    at: datetime
    received_at: datetime
    quality: str


@dataclass(slots=True)
class Account:
    """What came of a run.

    Attributes:
        sent: Messages by how they were made.
        stored: Readings by how their message was made.
        wrong: One sentence for each mistake.
    """

    sent: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def table(self) -> str:
        """How many were sent and stored, as Markdown."""
        lines = ["| made as | sent | stored |", "|---|---:|---:|"]
        lines += [f"| {kind} | {self.sent[kind]:,} | {self.stored[kind]:,} |" for kind in sorted(self.sent)]
        lines.append(f"| all | {self.sent.total():,} | {self.stored.total():,} |")
        return "\n".join(lines)


def account(
    sent: Iterable[Sent], rows: Sequence[Row], *, adopted: str, begun: datetime, ended: datetime
) -> Account:
    """Every row is of a message that must be stored, exactly as it says; every such message has its one row."""
    found = Account()
    must: dict[float, Sent] = {}
    for each in sent:
        found.sent[each.kind] += 1
        if each.value is not None:
            must[each.value] = each
    seen: Counter[float] = Counter()
    for row in rows:
        message = must.get(row.value)
        if message is None:
            found.wrong.append(f"nobody sent this to be stored: {row}")
            continue
        seen[row.value] += 1
        found.stored[message.kind] += 1
        found.wrong += [
            f"{each}: {message.kind}, {row}" for each in _judge(message, row, adopted, begun, ended)
        ]
    found.wrong += [f"stored {n} times: {value}" for value, n in seen.items() if n > 1]
    found.wrong += [
        f"not stored: {each.kind} on {each.topic}: {each.payload[:200]!r}"
        for value, each in must.items()
        if value not in seen
    ]
    return found


def _judge(message: Sent, row: Row, adopted: str, begun: datetime, ended: datetime) -> list[str]:
    wrong = []
    if row.device != (message.device or adopted):
        wrong.append("another device")
    if (row.quantity, row.unit) != ("temperature", "°C"):
        wrong.append("another quantity")
    if not begun <= row.received_at <= ended:
        wrong.append("another arrival")
    if message.at is None:
        if abs(row.at - row.received_at) > MOMENT:
            wrong.append("not under its arrival")
    elif row.at != message.at:
        wrong.append(f"not under its own time {message.at.astimezone(UTC):%H:%M:%S.%f}")
    if row.quality not in message.qualities:
        wrong.append(f"quality not of {message.qualities}")
    return wrong


def counted(metrics: Mapping[str, float], published: int) -> list[str]:
    """Every message is one of `hub_payloads_total`, and none broke anything."""
    wrong = []
    if metrics["payloads"] < published:
        wrong.append(f"{published} messages were published, {metrics['payloads']:.0f} are counted")
    if metrics["errors"]:
        wrong.append(f"{metrics['errors']:.0f} exceptions were caught")
    return wrong
