"""Behind: the silence of a device whose gateway is silent is part of the gateway's, not a trouble of its own; pure.

A gateway whose power is cut takes forty sensors along. Some of them may be missed sooner than the gateway itself: so
while nothing at all came through the gateway for half of what a device may be silent, its silence is not told yet. Then
the gateway speaks (and the device is told by itself), or is missed too (and the device joins its incident). When the
gateway is back, each has its own time again to speak, before it is told by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from detectors.emitter import Source
from detectors.rule import Level, RuleParams

SILENCE = "silence"
OFFLINE = "gateway-offline"
"""The condition whose rule takes the place of other silence rules on a gateway."""
QUIET = 0.5
"""Share of a device's own limit for which its gateway must have been quiet to be suspected."""
PATIENCE = 2.0
"""Times a device's own limit after which it is told by itself, whatever its gateway does."""


@dataclass(frozen=True, slots=True)
class Behind:
    """One device as part of the silence of one gateway.

    Attributes:
        key: Of the gateway's watch.
        source: What the device's silence is told as: the gateway's rule, place and condition.
    """

    key: str
    source: Source


def behind(key: str, gateway: Source, device: str) -> Behind:
    """`device` as part of the silence that `gateway` is the source of."""
    return Behind(key, replace(gateway, device=device))


def hears_everything(params: RuleParams) -> bool:
    """Whether it is the silence of a whole device: of a gateway's, everything that comes through it is heard."""
    return params.kind == SILENCE and getattr(params, "quantity", None) is None


def told_as(
    level: Level,
    own: Source,
    gateways: Sequence[tuple[Source, Level]],
    *,
    told: Source | None,
    now: datetime,
) -> tuple[tuple[Source, Level], ...]:
    """As what the silence of a device is told.

    Args:
        level: What its rule says.
        own: The device by itself.
        gateways: The device as part of each gateway's silence, the nearest first, and what that one's rule says.
        told: As what it is told as active already; None: not at all.
        now: The present.
    """
    if level.state != "active":  # whatever it was told as, it is no longer
        return ((own, level), *((source, level) for source, _ in gateways))
    if told == own:
        return ((own, level),)
    for source, gateway in gateways:
        if gateway.state == "active":
            return ((source, level),)
    limit, quiet = level.limit or 0.0, level.value or 0.0
    for source, gateway in gateways:
        if told == source:
            back = (now - gateway.since).total_seconds()
            if gateway.state != "inactive" or back < limit:  # it may only not have spoken yet
                return ((source, level),)
            return ((source, replace(level, state="inactive", since=gateway.since)), (own, level))
    suspected = any((gateway.value or 0.0) >= QUIET * limit for _, gateway in gateways)
    return () if suspected and quiet < PATIENCE * limit else ((own, level),)
