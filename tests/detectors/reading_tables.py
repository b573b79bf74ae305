"""Tables of rules over readings: what raises, what does not, and why; one per kind."""

from __future__ import annotations

from collections.abc import Mapping

from tests.detectors.folding import Values, every

HOUR, DAY = 3600.0, 86400.0
Row = tuple[str, Mapping[str, object], Values, float, str, float | None]
"""Reason, changed keys, readings, when it is looked at, the state, since (second) or None where it does not matter."""
DANGER = {"kind": "exposure", "above": 8, "below": 60, "at_most": "2h", "reset_after": "1h"}
EXPOSURE: list[Row] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("two hours between 8 and 60 is the limit itself", {}, [(0, 20)], 2 * HOUR, "active", 2 * HOUR),
    ("a moment less is not", {}, [(0, 20)], 2 * HOUR - 0.001, "inactive", None),
    ("8 itself is still cold", {}, [(0, 8)], 3 * HOUR, "inactive", None),
    ("60 itself is hot", {}, [(0, 60)], 3 * HOUR, "inactive", None),
    (
        "the time adds up over a short cooling",
        {},
        [(0, 20), (HOUR, 5), (HOUR + 600, 20)],
        2 * HOUR + 600,
        "active",
        7800,
    ),
    (
        "an hour outside makes it begin anew",
        {},
        [(0, 20), (HOUR, 5), (2 * HOUR, 20)],
        3.5 * HOUR,
        "inactive",
        None,
    ),
    (
        "once too long, it stays so when cooled",
        {},
        [(0, 20), (2.5 * HOUR, 5)],
        2.6 * HOUR,
        "active",
        2 * HOUR,
    ),
    ("and is over an hour after", {}, [(0, 20), (2.5 * HOUR, 5)], 3.5 * HOUR, "inactive", 2.5 * HOUR),
    ("a sensor that is gone proves nothing", {"no_data_after": "1h"}, [(0, 20)], 2 * HOUR, "unknown", 0),
    (
        "what is not known does not count",
        {"no_data_after": "1h"},
        [(0, 20), (5 * HOUR, 20)],
        5.5 * HOUR,
        "inactive",
        None,
    ),
]
LAMP = {"kind": "held", "quantity": "power", "above": 20, "at_least": "30m", "gap": "1m"}
CABINET = {"quantity": "temperature", "above": 120, "starts_above": 60, "at_least": "15m"}
HELD: list[Row] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("off is no short run", {}, [(0, 0)], HOUR, "inactive", 0),
    ("on, and not yet judged", {}, [(0, 0), (60, 36)], 600, "inactive", 0),
    ("thirty minutes are enough", {}, [(0, 0), (60, 36), (1860, 0)], 2000, "inactive", 1860),
    (
        "a minute less is too short, once it is really off",
        {},
        [(0, 0), (60, 36), (1800, 0)],
        1860,
        "active",
        1800,
    ),
    ("not while it may go on", {}, [(0, 0), (60, 36), (1800, 0)], 1859, "inactive", 0),
    (
        "a break under the gap is none",
        {},
        [(0, 0), (60, 36), (900, 0), (950, 36), (1900, 0)],
        2000,
        "inactive",
        1860,
    ),
    ("a longer one is", {}, [(0, 0), (60, 36), (900, 0), (970, 36), (1900, 0)], 2000, "active", 900),
    (
        "the next whole run ends it",
        {},
        [(0, 0), (60, 36), (600, 0), (1000, 36), (2900, 0)],
        3000,
        "inactive",
        2800,
    ),
    ("begun before the first reading: not judged", {}, [(0, 36), (600, 0)], 900, "inactive", 0),
    ("not once a day", {"every": "1d"}, [(0, 0)], DAY, "active", DAY),
    (
        "once, and then a day without",
        {"every": "1d"},
        [(0, 0), (60, 36), (2000, 0)],
        DAY + 1860,
        "active",
        DAY + 1860,
    ),
    ("once, and not yet a day", {"every": "1d"}, [(0, 0), (60, 36), (2000, 0)], DAY + 1859, "inactive", 1860),
    (
        "a cabinet that was warm and never hot",
        CABINET,
        [(0, 20), (60, 90), (2000, 30)],
        2100,
        "active",
        2000,
    ),
    (
        "hot for long enough within a longer run",
        CABINET,
        [(0, 20), (60, 90), (600, 125), (1500, 90), (2000, 30)],
        2100,
        "inactive",
        1500,
    ),
    (
        "hot twice, never long enough without a break",
        CABINET,
        [(0, 20), (60, 90), (600, 125), (1100, 100), (1300, 125), (1800, 90), (2000, 30)],
        2100,
        "active",
        2000,
    ),
    (
        "how a run went on while nothing came is not judged",
        {"no_data_after": "10m"},
        [(0, 0), (60, 36), (2000, 0)],
        2100,
        "inactive",
        0,
    ),
]
CUTS = {"kind": "repeated", "quantity": "mains", "equals": False, "times": 3, "within": "1h"}
REPEATED: list[Row] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("twice is not three times", {}, [(0, 1), (60, 0), (120, 1), (180, 0)], 200, "inactive", None),
    ("the third time", {}, [(0, 1), (60, 0), (90, 1), (120, 0), (150, 1), (180, 0)], 180, "active", 180),
    (
        "three within an hour and a second are not",
        {},
        [(0, 1), (60, 0), (90, 1), (120, 0), (150, 1), (3660, 0)],
        3660,
        "inactive",
        None,
    ),
    (
        "over when the first lies an hour back",
        {},
        [(0, 1), (60, 0), (90, 1), (120, 0), (150, 1), (180, 0)],
        3660,
        "inactive",
        3660,
    ),
    (
        "off all the time is once, and nobody saw when",
        {},
        [(0, 0), (60, 0), (120, 0), (180, 0)],
        200,
        "inactive",
        None,
    ),
    (
        "each press of a button that never says it was let go",
        {"each": True},
        [(0, 0), (1, 0), (2, 0)],
        3,
        "active",
        2,
    ),
    (
        "a number, over a limit",
        {"quantity": "gas", "equals": None, "above": 5},
        [(0, 0), (1, 9), (2, 0), (3, 9), (4, 1), (5, 6)],
        6,
        "active",
        5,
    ),
]
STUCK = {"kind": "stuck", "longer_than": "1h", "at_least": 10}
STUCK_ROWS: list[Row] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("the same for an hour", {}, every(300, 0, 3900, 4.0), 3700, "active", 0),
    ("not yet an hour", {}, every(300, 0, 3600, 4.0), 3500, "inactive", 0),
    ("too few readings prove nothing", {}, every(1000, 0, 5000, 4.0), 4500, "inactive", 0),
    ("a device that is silent is not stuck", {}, every(60, 0, 1200, 4.0), 7200, "inactive", 0),
    (
        "a movement makes it begin anew",
        {},
        [*every(300, 0, 3000, 4.0), *every(300, 3000, 6000, 4.1)],
        6000,
        "inactive",
        3000,
    ),
    (
        "within the tolerance it does not move",
        {"tolerance": 0.1},
        [(300.0 * n, 4 + 0.1 * (n % 2)) for n in range(14)],
        4000,
        "active",
        0,
    ),
    (
        "and creeping out of it, it does",
        {"tolerance": 0.1},
        [(300.0 * n, 4 + 0.02 * n) for n in range(14)],
        4000,
        "inactive",
        3600,
    ),
    (
        "after a long time without data nothing is known of it",
        {"no_data_after": "2h"},
        [*every(300, 0, 3900, 4.0), (20000, 4.0)],
        20001,
        "inactive",
        20000,
    ),
]
RIVER = {"kind": "rate-of-change", "quantity": "water_level", "rises": 0.5, "within": "30m"}
RATE: list[Row] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("one reading is no change", {}, [(0, 1)], 10, "inactive", 0),
    ("half a metre is the limit itself", {}, [(0, 1), (600, 1.5)], 600, "inactive", 0),
    ("a little more raises", {}, [(0, 1), (600, 1.6)], 600, "active", 600),
    ("so slowly it does not", {}, [(600.0 * n, 1 + 0.12 * n) for n in range(8)], 4200, "inactive", 0),
    ("faster it does", {}, [(600.0 * n, 1 + 0.2 * n) for n in range(8)], 4200, "active", 1800),
    ("counted from the lowest of the span", {}, [(0, 1.4), (300, 1), (600, 1.6)], 600, "active", 600),
    ("it fell, that is not asked", {}, [(0, 2), (600, 1)], 600, "inactive", 0),
    ("unless it is", {"rises": None, "falls": 0.5}, [(0, 2), (600, 1)], 600, "active", 600),
    ("or either", {"rises": None, "changes": 0.5}, [(0, 2), (600, 1)], 600, "active", 600),
    (
        "over after a whole span without a reading",
        {},
        [(0, 1), (600, 1.6)],
        2401,
        "inactive",
        2400,
    ),
    ("not a moment earlier", {}, [(0, 1), (600, 1.6)], 2400, "active", 600),
    ("further apart than the span says nothing", {}, [(0, 1), (1801, 3)], 1801, "inactive", 0),
    ("it has to last", {"raise_after": "5m"}, [(0, 1), (600, 1.6)], 899, "inactive", 0),
    ("and lasts", {"raise_after": "5m"}, [(0, 1), (600, 1.6)], 900, "active", 600),
]
RANGE_KEYS = {"kind": "range", "low": 0, "high": 8}
BY_HOUR = {"low": None, "high": 30, "schedule": [{"hours": "09:00-10:00", "high": 25}]}
RANGE: list[Row] = [
    ("never reported", {}, [], 10, "unknown", 0),
    ("the limits are within", {}, [(0, 8)], 1, "inactive", 0),
    ("over", {}, [(0, 8.1)], 1, "active", 0),
    ("under", {}, [(0, -0.1)], 1, "active", 0),
    ("a margin holds it", {"margin": 0.5}, [(0, 9), (60, 7.8)], 61, "active", 0),
    ("and lets it go", {"margin": 0.5}, [(0, 9), (60, 7.4)], 61, "inactive", 60),
    ("it has to last", {"raise_after": "5m"}, [(0, 5), (60, 9)], 300, "inactive", 0),
    ("and lasts", {"raise_after": "5m"}, [(0, 5), (60, 9)], 360, "active", 60),
    ("27 degrees are right at eight", BY_HOUR, [(0, 27)], 3599, "inactive", 0),
    ("from nine on they are not, and nothing had to be sent", BY_HOUR, [(0, 27)], 3600, "active", 3600),
    ("and from ten on they are right again", BY_HOUR, [(0, 27)], 7200, "inactive", 7200),
    (
        "the hour's change counts towards raise_after",
        {**BY_HOUR, "raise_after": "10m"},
        [(0, 27)],
        4200,
        "active",
        3600,
    ),
    (
        "on Sundays a line for weekdays is closed",
        {"low": None, "high": None, "schedule": [{"days": "mon-fri", "high": 25}]},
        [(0, 40)],
        10,
        "inactive",
        0,
    ),
    (
        "on Monday it opens",
        {"low": None, "high": None, "schedule": [{"days": "mon-fri", "high": 25}]},
        [(0, 40)],
        16 * HOUR,
        "active",
        16 * HOUR,
    ),
    ("without data nothing is known", {"no_data_after": "1h"}, [(0, 9)], 3601, "unknown", 0),
]
TABLES: list[tuple[str, Mapping[str, object], list[Row]]] = [
    ("exposure", DANGER, EXPOSURE),
    ("held", LAMP, HELD),
    ("repeated", CUTS, REPEATED),
    ("stuck", STUCK, STUCK_ROWS),
    ("rate-of-change", RIVER, RATE),
    ("range", RANGE_KEYS, RANGE),
]
