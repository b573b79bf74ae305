"""A process that writes to a ledger as fast as it can until it is killed; says on stdout what was acknowledged."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial

from alerts import desk
from alerts.case import Request
from alerts.ledger.engine import Connection, Ledger
from alerts.router import Applied, apply_signals
from alerts.sight import Sight
from tests.alerts.county import NOW, OPERATOR, county, signal

DIRECTORY = county()


def step(conn: Connection, n: int) -> Applied:
    """Raises, renews, clears in turn, in different places; accepts what was opened."""
    state = "active" if n % 5 else "inactive"
    place = ("school", "cross")[n % 2]
    device = ("fridge", "cross-cam")[n % 2]
    now = NOW + timedelta(seconds=n)
    done = apply_signals(
        conn, [signal(n, state=state, place=place, device=device)], directory=DIRECTORY, now=now, origin="w"
    )
    if len(done.events) == 2 and n % 3 == 0:
        number = f"{NOW.year}-000001"
        desk.act(conn, Sight.everything(), number, Request("note", note="x"), who=OPERATOR,
                 directory=DIRECTORY, now=now)  # fmt: skip
    return done


def main(url: str, start: int) -> None:
    """Prints `n head` after each commit."""
    ledger = Ledger.open(url, clock=lambda: NOW)
    n = start
    while True:
        futures = [(each, ledger.write(partial(step, n=each))) for each in range(n, n + 20)]
        for each, future in futures:
            seqs = future.result(20).events
            sys.stdout.write(f"{each} {max(seqs, default=0)}\n")
        sys.stdout.flush()
        n += 20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
