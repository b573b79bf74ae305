"""Whether a test alarm came through: a table with a reason per row; and when the daily one is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.alarm import Delivery, Verdict, Way, judge, slot_of
from tests.alerts.county import NOW

S = timedelta(seconds=1)
SLOW = "not within 60 s"


def way(reached: int, *deliveries: Delivery, told: int = 1) -> Way:
    """Asked for at NOW; `reached`: 0 nothing, 1 broker, 2 intake, 3 ledger."""
    broker, intake, ledger = (NOW + n * S if n <= reached else None for n in (1, 2, 3))
    return Way(NOW, broker, intake, ledger, told if reached == 3 else 0, deliveries)


def sent(seconds: float = 5, channel: str = "chat") -> Delivery:
    """Taken after so many seconds."""
    return Delivery(channel, "sent", NOW + seconds * S)


WAITS = Delivery("sms", "pending", None, "timeout")


@pytest.mark.parametrize(
    ("reached", "seconds", "verdict"),
    [
        pytest.param(way(0), 60, Verdict("running"), id="still time"),
        pytest.param(way(0), 60.1, Verdict("failed", "broker", SLOW), id="the broker never took it"),
        pytest.param(way(1), 61, Verdict("failed", "intake", SLOW), id="nobody received it"),
        pytest.param(way(2), 61, Verdict("failed", "ledger", SLOW), id="it was never committed"),
        pytest.param(way(3, told=0), 4, Verdict("failed", "duty", "nobody is on duty"), id="nobody to tell"),
        pytest.param(
            way(3), 4, Verdict("failed", "duty", "no channel reaches who is on duty"), id="and no way to"
        ),
        pytest.param(way(3, sent()), 6, Verdict("passed"), id="through"),
        pytest.param(way(3, sent(60)), 61, Verdict("passed"), id="through at its value"),
        pytest.param(way(3, sent(60.1)), 61, Verdict("failed", "channel chat", SLOW), id="a moment too late"),
        pytest.param(way(3, sent(), WAITS), 30, Verdict("running"), id="one of two channels waits"),
        pytest.param(
            way(3, sent(), WAITS), 61, Verdict("failed", "channel sms", "timeout"), id="for too long"
        ),
        pytest.param(
            way(3, sent(), Delivery("sms", "dead", None, "refused")),
            6,
            Verdict("failed", "channel sms", "refused"),
            id="one is given up: no need to wait",
        ),
    ],
)
def test_how_far_it_came(reached: Way, seconds: float, verdict: Verdict) -> None:
    """The leg that failed is named."""
    assert judge(reached, NOW + seconds * S) == verdict


@pytest.mark.parametrize(
    ("at", "now", "slot"),
    [
        pytest.param("09:00", "2026-11-22 09:00", "2026-11-22T09:00", id="on the minute"),
        pytest.param("09:00", "2026-11-22 09:09", "2026-11-22T09:00", id="a hub that was just started"),
        pytest.param("09:00", "2026-11-22 09:10", None, id="one that was away does not catch up"),
        pytest.param("09:00", "2026-11-22 08:59", None, id="not yet"),
        pytest.param("", "2026-11-22 09:00", None, id="never"),
    ],
)
def test_when_it_is_due(at: str, now: str, slot: str | None) -> None:
    """Once a day, by the local clock."""
    local = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert slot_of(at, local) == slot
