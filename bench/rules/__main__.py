"""`python -m bench.rules`: how the rules `forecast` and `anomaly` fare on simulated fridges, beside an autoencoder."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from pydantic import TypeAdapter

from bench.rules.autoencoder import Autoencoder, windows
from bench.rules.fridge import DAY, HOUR, Fault, Fridge
from detectors.dry_run import dry_run
from detectors.shelf import AnyRuleParams, build_reading_rule
from ingest.reading import Reading

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
WEEK = 7 * DAY
KINDS = ("weak", "ajar", "drift", "noisy", "frozen")
LENGTH = 8 * HOUR
"""Of each fault; found is what is told in it."""

Values = Sequence[tuple[float, float]]
FORECAST = {"id": "f", "kind": "forecast", "quantity": "temperature", "above": 8, "ahead": "30m", "raise_after": "5m",
            "spare_cycles": "60m"}  # fmt: skip


def at(second: float) -> datetime:
    """A moment of the simulation."""
    return BEGIN + timedelta(seconds=second)


def told(keys: Mapping[str, object], values: Values, since: float) -> list[tuple[float, float]]:
    """When the rule would have been active (seconds), from `since` on."""
    rule = build_reading_rule(TypeAdapter(AnyRuleParams).validate_python(keys), UTC)
    rows = [Reading("f", "temperature", value, "°C", at(second), at(second)) for second, value in values]
    end = values[-1][0]
    found = dry_run(rule, rows, begin=BEGIN, since=at(since), until=at(end)).spells
    return [
        (
            (each.raised_at - BEGIN).total_seconds(),
            end if each.cleared_at is None else (each.cleared_at - BEGIN).total_seconds(),
        )
        for each in found
    ]


def forecast(fridges: int) -> None:
    """Dead compressors: how long before 8 °C is passed, and how often it speaks for nothing."""
    ahead, missed, false = [], 0, 0
    for seed in range(fridges):
        begin = (3 + (seed * 7 % 24) / 24) * DAY
        values = list(Fridge(seed, (Fault("dead", begin, begin + 3 * HOUR),)).values(begin / DAY + 0.2))
        over = next((s for s, v in values if s > begin and v > 8), None)
        spells = told(FORECAST, values, DAY)
        false += sum(raised < begin for raised, _ in spells)
        hit = [raised for raised, end in spells if begin <= raised and over is not None and raised <= over]
        if over is None or not hit:
            missed += 1
        else:
            ahead.append((over - hit[0]) / 60)
    print(f"forecast: {fridges} fridges, dead compressor on the fourth day, 8 °C, 30 min ahead")
    print(
        f"  told before the limit was passed: {len(ahead)} of {fridges}; minutes before: median {median(ahead):.0f},",
        end=" ",
    )
    print(
        f"least {min(ahead):.0f}, most {max(ahead):.0f}; told for nothing: {false} in {fridges * 2.5:.0f} fridge-days"
    )


def anomaly(fridges: int) -> None:
    """At equally many false alarms, who finds more faults."""
    found: dict[str, dict[str, int]] = {who: dict.fromkeys(KINDS, 0) for who in ("z-score", "autoencoder")}
    false = dict.fromkeys(found, 0)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(fridges):
            days = {kind: (14 + n + 0.3) * DAY for n, kind in enumerate(KINDS)}
            faults = tuple(Fault(kind, begin, begin + LENGTH) for kind, begin in days.items())
            values = list(Fridge(seed, faults).values(20))
            spans = {
                "z-score": _z_score(values),
                "autoencoder": _autoencoder(values, Path(folder), seed),
            }
            for who, spells in spans.items():
                for kind, begin in days.items():
                    found[who][kind] += any(begin <= s <= begin + LENGTH for s, _ in spells)
                false[who] += sum(
                    not any(begin - HOUR <= s <= begin + LENGTH + 3 * HOUR for begin in days.values())
                    for s, _ in spells
                )
    print(
        f"anomaly: {fridges} fridges; two weeks without faults to learn and to set the limit, then five faults of 8 h"
    )
    for who, kinds in found.items():
        total = sum(kinds.values())
        each = ", ".join(f"{kind} {many}" for kind, many in kinds.items())
        print(
            f"  {who}: {total} of {len(KINDS) * fridges} found ({each}); told for nothing {false[who]} times"
        )


def _z_score(values: Values) -> list[tuple[float, float]]:
    """The rule's own score of each reading; its limit is the greatest of the second week."""
    keys = {"id": "z", "kind": "anomaly", "quantity": "temperature", "deviations": 100}
    rule = build_reading_rule(TypeAdapter(AnyRuleParams).validate_python(keys), UTC)
    state, scores = rule.start(BEGIN), list[tuple[float, float]]()
    for second, value in values:
        state = rule.observe(state, Reading("f", "temperature", value, "°C", at(second), at(second)))
        scores.append((second, float(str(state["z"]))))
    return _over(scores)


def _autoencoder(values: Values, folder: Path, seed: int) -> list[tuple[float, float]]:
    """Trained on the first week; its limit is the greatest error of the second."""
    ends, rows = windows(list(values))
    model = Autoencoder(rows[ends < WEEK], folder, seed)
    return _over([(float(end), float(error)) for end, error in zip(ends, model.error(rows), strict=True)])


def _over(scores: Values) -> list[tuple[float, float]]:
    """When a score was over the greatest of the second week, from the third on; an hour's pause ends a spell."""
    limit = max(score for second, score in scores if WEEK <= second < 2 * WEEK)
    spells: list[tuple[float, float]] = []
    for second, score in scores:
        if second < 2 * WEEK or score <= limit:
            continue
        if spells and second - spells[-1][1] < HOUR:
            spells[-1] = (spells[-1][0], second)
        else:
            spells.append((second, second))
    return spells


def main() -> None:
    """Both, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("all", "forecast", "anomaly"), nargs="?", default="all")
    parser.add_argument("--fridges", type=int, default=20)
    args = parser.parse_args()
    if args.what in {"all", "forecast"}:
        forecast(args.fridges)
    if args.what in {"all", "anomaly"}:
        anomaly(args.fridges)


if __name__ == "__main__":
    main()
