"""Rule replay: a changed rule of a camera, tried on what decided the raises that are stored.

Pictures are not kept, so a camera's rule cannot be run again. What decided each raise is (detectors/raised.py): before
a higher certainty, other classes, another zone or other hours take effect, somebody sees what they would have cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from alerts.damp import TRIED_ON
from alerts.directory import DeviceEntry, Directory
from alerts.ledger import raises
from alerts.ledger.engine import Connection
from config.registry import Registry
from config.targets import CAMERAS, targets
from config.trial import TARGETS, rule_of
from detectors.damping import why_no_things
from detectors.raised import Raised, replay_rule
from detectors.tracked import TrackedParams
from ingest.errors import InvalidInput
from ingest.instant import format_instant

Json = dict[str, object]


def replayed(
    conn: Connection,
    asked: Mapping[str, object],
    *,
    registry: Registry,
    directory: Directory,
    sees: Callable[[DeviceEntry], bool],
    now: datetime,
) -> Json:
    """What the rule as it is to be would have done to the raises of the last TRIED_ON of the rule with its id.

    `{rule, since, raises, kept, lost, partly, true}`; `lost` and `partly` are `[{incident, device, at, verdict}]`, the
    newest first; `true` counts those of them that somebody judged true. Only of cameras that it still watches and that
    the reader may know of.

    Raises:
        InvalidInput: nothing is stored of what decides such a rule.
        InvalidRegistry: with every mistake of the rule.
    """
    params = rule_of(asked, registry)
    why = why_no_things(params)
    if why is not None or not isinstance(params, TrackedParams):
        raise InvalidInput(f"this {params.kind} rule cannot be replayed: {why}", where="rule")
    devices = [each.id for each in targets(params, directory, CAMERAS) if sees(each)]
    since = now - TRIED_ON
    past = raises.of_rule(conn, params.id, devices, since=since)
    found = replay_rule(params, past, directory.zone_of)
    return {
        "rule": params.model_dump(mode="json", exclude_none=True, exclude=TARGETS),
        "since": format_instant(since),
        "raises": len(past),
        "kept": found.kept,
        "lost": [_line(each) for each in found.lost],
        "partly": [_line(each) for each in found.partly],
        "true": sum(each.verdict is True for each in (*found.lost, *found.partly)),
    }


def _line(raised: Raised) -> Json:
    return {
        "incident": raised.incident,
        "device": raised.device,
        "at": format_instant(raised.at),
        "verdict": raised.verdict,
    }
