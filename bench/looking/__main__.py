"""`python -m bench.looking network|trackers`: what was measured before batches, int8 and a tracker were chosen."""

from __future__ import annotations

import argparse

from bench.looking import network, trackers

MEASURED = {"network": network.main, "trackers": trackers.main}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.looking", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(MEASURED)} (default: all)")
    names = parser.parse_args().names or list(MEASURED)
    for unknown in set(names) - set(MEASURED):
        parser.error(f"no measurement {unknown}; there are: {', '.join(MEASURED)}")
    for name in names:
        MEASURED[name]()
