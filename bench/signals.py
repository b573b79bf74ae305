"""Signals under load: how much of the hub's processor a signal costs, and whether the ledger has every one of them.

32 publishers with connections of their own say 2,000 signals a second over 1,000 conditions for a minute, one in ten of
them flapping; first to the hub on SQLite, then to the hub and four routers on one PostgreSQL. After each, the ledger is
asked: no incident open twice, no case twice, numbers and events without gap, every signal accounted for, what holds is
open and nothing else, every excursion has its incident. Less, or more, by FLOOD_RATE, FLOOD_SECONDS, FLOOD_CONDITIONS,
FLOOD_PUBLISHERS and FLOOD_ROUTERS.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.figures import Figures
from bench.flood.run import Flood, Report
from bench.flood.run import run as flooded
from tests.servers.postgres import Postgres

ABOUT = "microseconds of CPU per signal, from the broker to the commit, at 2,000 signals a second"


def run() -> Figures:
    """SQLite, then PostgreSQL; fails when the ledger is not what was said."""
    flood = Flood(
        rate=float(os.environ.get("FLOOD_RATE", "2000")),
        seconds=float(os.environ.get("FLOOD_SECONDS", "60")),
        conditions=int(os.environ.get("FLOOD_CONDITIONS", "1000")),
        publishers=int(os.environ.get("FLOOD_PUBLISHERS", "32")),
    )
    routers = int(os.environ.get("FLOOD_ROUTERS", "4"))
    figures = Figures("µs/signal")
    reports: list[tuple[str, Report]] = []
    with tempfile.TemporaryDirectory() as folder:
        reports.append(("hub on SQLite", flooded(flood, Path(folder))))
    print(table(reports), flush=True)
    with tempfile.TemporaryDirectory() as folder, Postgres(durable=True) as server:
        shared = flooded(replace(flood, routers=routers), Path(folder), server.new_database())
        reports.append((f"hub and {routers} routers on PostgreSQL", shared))
    print(table(reports), flush=True)
    wrong = [f"{name}: {each}" for name, report in reports for each in report.wrong]
    if wrong:
        raise AssertionError("\n".join(wrong[:20]))
    for name, report in reports:
        figures.add(name, report.cpu_per_signal)
    return figures


def table(reports: Sequence[tuple[str, Report]]) -> str:
    """Everything that was seen, as Markdown."""
    lines = {
        "signals published": [f"{each.published:,}" for _, each in reports],
        "at a rate of, 1/s": [f"{each.rate:,.0f}" for _, each in reports],
        **{
            outcome: [f"{each.outcomes.get(outcome, 0):,}" for _, each in reports]
            for outcome in ("applied", "duplicate", "late", "refused")
        },
        "incidents": [f"{each.incidents:,}" for _, each in reports],
        "open at the end": [f"{each.open:,}" for _, each in reports],
        "flapping": [f"{each.flapping:,}" for _, each in reports],
        "cases": [f"{each.cases:,}" for _, each in reports],
        "events": [f"{each.events:,}" for _, each in reports],
        "seconds to drain": [f"{each.drain:.1f}" for _, each in reports],
        "CPU of the hub, µs per signal": [f"{each.cpu_per_signal:.0f}" for _, each in reports],
        "CPU of the hub, cores": [
            f"{each.cpu * each.rate / max(each.published, 1):.2f}" for _, each in reports
        ],
        "CPU of the publishers, cores": [
            f"{each.publishers_cpu * each.rate / max(each.published, 1):.2f}" for _, each in reports
        ],
        "what must not be": [str(len(each.wrong)) for _, each in reports],
    }
    head = f"| | {' | '.join(name for name, _ in reports)} |\n|---|{'---:|' * len(reports)}"
    return "\n".join([head, *(f"| {name} | {' | '.join(cells)} |" for name, cells in lines.items()), ""])
