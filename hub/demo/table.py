"""Closing table: what a demo did, counted from the ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.directory import DeviceEntry
from alerts.ledger.tally import Tally

COUNTED = ("received", "decoded", "analysed", "dropped")


def closing_table(tally: Tally, devices: Mapping[str, DeviceEntry]) -> str:
    """The table as text: cameras with their frames, sensors with their readings, then what became of it."""
    cameras = [each for each in devices.values() if each.kind == "camera"]
    others = [each for each in devices.values() if each.kind != "camera"]
    parts = [
        _table(
            ("camera", *COUNTED),
            [
                (each.id, *(tally.cameras.get(each.id, {}).get(name, 0) for name in COUNTED))
                for each in cameras
            ],
        ),
        _table(
            ("sensor or node", "readings"), [(each.id, tally.readings.get(each.id, 0)) for each in others]
        ),
        _table(
            ("incidents", "cases", "events pushed", "webhooks delivered", "webhooks waiting"),
            [
                (
                    sum(tally.incidents.values()),
                    sum(tally.cases.values()),
                    tally.head,
                    tally.delivered,
                    tally.pending,
                )
            ],
        ),
        _table(("event", "number"), sorted(tally.events.items())),
    ]
    return "\n\n".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    ruled = [lines[0], tuple("-" * width for width in widths), *lines[1:]]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in ruled
    )
