"""`python -m bench.sensors` (or `make bench ARGS=sensors`): sensor messages beside Node-RED and a bare paho loop.

The same thin publishers, the same mosquitto, the same rule, one websocket that reads along. Prints every run, then the
table, and writes it with its picture into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import paho.mqtt

from bench.figures import Figures
from bench.peers import node_red
from bench.sensors.contestants import LOOP, NAMES, NODE_RED, STORED, UNSTORED
from bench.sensors.measure import Load, Measured, measure
from bench.video import page

OVER_LOOP = 25.0
"""Microseconds that the hub may cost more per message than the bare loop."""
P99 = 250.0
"""Milliseconds."""
RATE = 1_000.0
Runs = dict[tuple[str, int], list[Measured]]


def main(arguments: list[str] | None = None) -> int:
    """The command; 0 when it ran to its end, whatever it found."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sensors", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument(
        "--values", type=int, nargs="+", default=[1, 4, 20], help="per message (default 1 4 20)"
    )
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second (default %(default)g)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a run (default %(default)g)")
    parser.add_argument(
        "--fast", type=int, default=20_000, help="messages at full rate, 0: none (default %(default)s)"
    )
    parser.add_argument("--repeats", type=int, default=5, help="interleaved (default %(default)s)")
    parser.add_argument("--contestants", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--page", type=Path, default=page.DOCUMENT, help="where the result is written")
    parser.add_argument("--no-page", action="store_true", help="print only")
    args = parser.parse_args(arguments)
    if NODE_RED in args.contestants:
        node_red.install()
    runs: Runs = {}
    for repeat in range(args.repeats):
        for values in args.values:
            for name in args.contestants:
                with tempfile.TemporaryDirectory() as folder:
                    found = measure(name, Path(folder), Load(values, args.rate, args.seconds, args.fast))
                runs.setdefault((name, values), []).append(found)
                print(f"  {repeat + 1}: {values:2} values, {name}: {found}", flush=True)
    text = "\n".join([*table(runs), "", *claims(runs)])
    print(text)
    if not args.no_page:
        given = shlex.join(arguments if arguments is not None else sys.argv[1:])
        head = (
            f"{datetime.now(UTC):%Y-%m-%d}, {page.processor()}; paho {paho.mqtt.__version__},"
            f" Node-RED {node_red.VERSION} ({node_red.LICENCE}, from npm). `{given or 'no flags'}`:"
            f" {args.repeats} interleaved repeats, medians; {args.rate:g} messages/s for {args.seconds:g} s."
        )
        figures = Figures("µs of CPU per message")
        for (name, values), each in runs.items():
            for one in each:
                figures.add(f"{name}, {values} values", one.cpu)
        shown = page.picture(args.page, "sensors", figures.svg("sensors"))
        page.put(args.page, "sensors", f"{head}\n\n{text}\n\n{shown}")
    return 0


def table(runs: Runs) -> list[str]:
    """Medians, and how far the repeats lie apart."""
    lines = [
        "| values | | CPU µs/message | least to most | CPU µs/value | p50 ms | p99 ms | most messages/s | void |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for (name, values), each in sorted(runs.items(), key=lambda item: (item[0][1], NAMES.index(item[0][0]))):
        cpu = [one.cpu for one in each]
        lines.append(
            f"| {values} | {name} | {median(cpu):.0f} | {min(cpu):.0f} to {max(cpu):.0f} | {median(cpu) / values:.1f}"
            f" | {_mid(each, 'p50')} | {_mid(each, 'p99')} | {_mid(each, 'most')}"
            f" | {sum(1 for one in each if one.void)} |"
        )
    void = {
        f"{name}, {values} values: {one.void}"
        for (name, values), each in runs.items()
        for one in each
        if one.void
    }
    return [*lines, *(["", "Void:", ""] if void else []), *(f"- {each}" for each in sorted(void))]


def claims(runs: Runs) -> list[str]:
    """What was promised, and whether it holds in these runs."""
    lines = ["| what must hold | limit | found | |", "|---|---:|---:|---|"]
    for values in sorted({values for _, values in runs}):
        cpu = {name: median(one.cpu for one in each) for (name, many), each in runs.items() if many == values}
        if UNSTORED in cpu and LOOP in cpu:
            limit = cpu[LOOP] + OVER_LOOP
            lines.append(_claim(f"{values} values: CPU µs per message, nothing stored", limit, cpu[UNSTORED]))
        if UNSTORED in cpu and NODE_RED in cpu and values >= 4:
            limit = cpu[NODE_RED] / values
            lines.append(
                _claim(f"{values} values: CPU µs per value, Node-RED", limit, cpu[UNSTORED] / values)
            )
        late = [one.p99 for one in runs.get((STORED, values), ()) if one.p99 is not None]
        if late:
            lines.append(_claim(f"{values} values: p99 to the websocket, ms, stored", P99, median(late)))
    return lines


def _claim(what: str, limit: float, found: float) -> str:
    return f"| {what} | ≤ {limit:.1f} | {found:.1f} | {'holds' if found <= limit else 'does not hold'} |"


def _mid(each: list[Measured], name: str) -> str:
    found = [value for one in each if (value := getattr(one, name)) is not None]
    return f"{median(found):,.0f}" if found else "–"


if __name__ == "__main__":
    sys.exit(main())
