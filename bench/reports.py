"""Reports over 20,000 cases of one quarter: processor time of one report, from question to JSON and to workbook.

The ledger is SQLite; the cases are rows as histories leave them (seven steps each, in 20 towns and 12 units, with
60,000 incidents), written straight into its tables. Processor time, not wall-clock: it is the report's own.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts import report
from alerts.directory import Area, Directory, Unit
from alerts.ledger import reports
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.figure_tables import case_figures, case_steps
from alerts.ledger.tables import cases, incidents
from alerts.rates import KINDS, PeriodKind, period
from alerts.report import Findings, Words
from alerts.sight import Sight
from api.xlsx import workbook
from bench.figures import Figures
from ingest.text import Text

ABOUT = "milliseconds of processor time for one report over 20,000 cases and 60,000 incidents"
CASES = 20_000
PER_CASE = 3
TOWNS = 20
UNITS = 12
REPEATS = 5
ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2026, 9, 30, 16, tzinfo=UTC)
"""When the quarter begins."""
DAY = date(2026, 11, 18)
AS_OF = datetime(2027, 1, 4, tzinfo=UTC)
STEPS = ("accept", "report", "dispatch", "handle", "feedback", "verify", "evaluate")


def county() -> Directory:
    """Twenty towns of one county."""
    towns = {
        f"town-{n}": Area(f"town-{n}", "town", Text(f"镇{n}", f"Town {n}"), "county") for n in range(TOWNS)
    }
    return Directory(
        areas={"county": Area("county", "county", Text("县", "County")), **towns},
        units={f"unit-{n}": Unit(f"unit-{n}", "county", Text(f"部门{n}", f"Unit {n}")) for n in range(UNITS)},
    )


def run() -> Figures:
    """Measure."""
    figures = Figures("ms of processor time")
    whole = county()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(f"sqlite:///{Path(folder) / 'hub.db'}", clock=lambda: AS_OF)
        try:
            ledger.write(_fill).result(600)
            print(f"  {CASES:,} cases written", flush=True)
            for _ in range(REPEATS):
                for kind in KINDS:
                    figures.add(f"{kind}, JSON", _taken(partial(_one, ledger, whole, kind)))
                made = _one(ledger, whole, "quarterly")
                figures.add("quarterly, its workbook", _taken(partial(_book, made)))
        finally:
            ledger.close()
    return figures


def _taken(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return (time.process_time() - begun) * 1000


def _book(made: dict[str, object]) -> bytes:
    return workbook(report.tables(made), "bench")


def _one(ledger: Ledger, whole: Directory, kind: PeriodKind) -> dict[str, object]:
    """What a request for one report does."""
    which = period(kind, DAY, ZONE)
    sight = Sight.everything()
    asked = reports.Asked(which, AS_OF, own=lambda _flow, step: step in {"handle", "feedback"})
    before = reports.Asked(which.before(), AS_OF, own=asked.own)
    with ledger.read() as conn:
        counted = reports.counted(conn, sight, asked)
        found = Findings(
            groups=counted.groups,
            before=reports.whole(conn, sight, before),
            days=() if kind in {"daily", "quarterly"} else reports.days(conn, sight, asked),
            steps=counted.steps,
            raised=counted.raised,
            often=reports.often(conn, sight, asked),
            answers=reports.answers(conn, sight, asked),
        )
    return report.build(found, which, Words(whole), as_of=AS_OF, filters={})


def _fill(conn: Connection) -> None:
    chance = random.Random(20_000)  # noqa: S311 - made-up cases, no secret
    rows: list[dict[str, object]] = []
    figures: list[dict[str, object]] = []
    steps: list[dict[str, object]] = []
    raised: list[dict[str, object]] = []
    for number in range(CASES):
        opened = FIRST + timedelta(seconds=chance.randrange(92 * 86_400))
        done = 7 if chance.random() < 0.9 else chance.randrange(7)
        key, place = f"{number:026d}", {"area": f"town-{chance.randrange(TOWNS)}", "units": ""}
        unit, kind = f"unit-{chance.randrange(UNITS)}", chance.choice(("threshold", "presence", "noise"))
        moment = opened
        for n, step in enumerate(STEPS[: done + 1]):
            took = timedelta(minutes=chance.randrange(5, 400))
            ended = moment + took if n < done else None
            steps.append(
                {
                    "case_id": key, "n": n, "step": step, "unit": unit, "started_at": moment,
                    "due_at": moment + timedelta(hours=4), "paused_at": None, "done_at": ended,
                    "completed": ended is not None,
                }
            )  # fmt: skip
            moment = ended or moment
        closed = done == len(STEPS)
        rows.append(
            {
                "id": key, "number": f"2026-{number + 1:06d}", "workflow": "seven-step", "step": STEPS[min(done, 6)],
                "state": "closed" if closed else "open", "kind": kind, "category": kind, "severity": "minor",
                "unit": unit, "mastered_by": "hub", "source": "hub", "title": "t", "description": "",
                "opened_at": opened, "updated_at": moment, "closed_at": moment if closed else None,
                "clocks": [], "handlers": [], "extension_asked": False, "version": 8, **place,
            }
        )  # fmt: skip
        asked = closed and chance.random() < 0.3
        figures.append(
            {
                "case_id": key, "accepted_at": opened if done else None, "returns": chance.randrange(2),
                "reopens": int(chance.random() < 0.05), "score": chance.randrange(1, 6) if asked else None,
                "score_by": "reporter" if asked else None, "score_how": "call" if asked else None,
            }
        )  # fmt: skip
        raised.extend(_incidents(chance, number, opened, place))
    for table, made in ((cases, rows), (case_figures, figures), (case_steps, steps), (incidents, raised)):
        conn.execute(table.insert(), made)


def _incidents(
    chance: random.Random, number: int, at: datetime, place: dict[str, str]
) -> Iterator[dict[str, object]]:
    for each in range(PER_CASE):
        yield {
            "id": f"{number * PER_CASE + each:026d}", "kind": "threshold", "state": "cleared",
            "condition": f"condition-{chance.randrange(30)}", "place": f"site-{chance.randrange(2500)}",
            "severity": chance.choice(("info", "minor", "major")), "stale": False, "flapping": False, "acked": False,
            "verdict": chance.choice((None, None, True, False)), "raised_at": at, "updated_at": at,
            "cleared_at": at, "count": 1, "certainty": 1.0, "members": [], "sources": [],
            "explanation": {"zh": "", "en": ""}, **place,
        }  # fmt: skip
