"""`python -m bench.chaos`: kill -9 of the hub at uniformly random moments under load, and the account afterwards.

Half of the kills leave the broker alive (every acknowledged message is then a promise without exception), half kill
the hub with its own broker, or that broker alone. After each kill the checker of `hub audit verify` reads the ledger;
at the end everything acknowledged must be there once, and whoever listens must have been told once and in order. The
seed is printed; the moments of a run follow from it. Exit code 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import get_args

from bench.chaos.run import Report, Variant, run


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="over both variants (default %(default)s)")
    parser.add_argument("--seed", type=int, help="of an earlier run; left out: a new one")
    parser.add_argument(
        "--variant", choices=get_args(Variant), help="only this one (default: both, half each)"
    )
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    print(f"seed {seed}", flush=True)
    dice = random.Random(seed)  # noqa: S311 - moments, not secrets
    variants: tuple[Variant, ...] = (args.variant,) if args.variant else get_args(Variant)
    begun = time.monotonic()
    reports: list[Report] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        for at, variant in enumerate(variants):
            kills = (args.kills + at) // len(variants)
            reports.append(run(Path(folder), variant, kills, dice, lambda line: print(line, flush=True)))
    print(*reports, sep="\n")
    print(f"{sum(each.kills for each in reports)} kills in {time.monotonic() - begun:.0f} s, seed {seed}")
    return 1 if any(each.wrong for each in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
