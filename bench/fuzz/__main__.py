"""`python -m bench.fuzz [--messages N] [--seed N]`: garbage over all topics; exit 1 when anything went wrong.

Payloads of every convention, bound and adopted devices' included, go through a real broker into a real hub: good ones,
random bytes, truncated, flipped, huge, deep, of wrong types, NaN, 1970 and 2106, strangers', and Home Assistant
templates that ask for the machine. Every message is made so that what must come of it is known beforehand; afterwards
every stored reading is held against it. The seed is printed: with it the same messages are made again.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from bench.fuzz.account import SHOWN
from bench.fuzz.run import fuzz


def main() -> int:
    """Run it and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="garbage over all topics")
    parser.add_argument(
        "--messages", type=int, default=100_000, metavar="N", help="how many (default 100,000)"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), metavar="N", help="of the run")
    args = parser.parse_args()
    print(f"seed {args.seed}, {args.messages:,} messages", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(fuzz(Path(folder), seed=args.seed, number=args.messages))
    print(report.account.table())
    print(
        f"counted {report.metrics['payloads']:,.0f}, refused parts {report.metrics['rejected']:,.0f}, "
        f"caught exceptions {report.metrics['errors']:.0f}, offers kept {report.offers:,}, "
        f"memory {report.megabytes:,.0f} MB, {report.seconds:.0f} s"
    )
    for each in report.account.wrong[:SHOWN]:
        print(f"WRONG: {each}")
    print(f"{len(report.account.wrong)} wrong")
    return 1 if report.account.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
