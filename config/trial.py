"""Trial: a rule that may not be in the registry yet, tried over the readings that are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import yaml

from alerts.directory import DeviceEntry, Directory
from alerts.ledger import past_readings
from alerts.ledger.engine import Connection
from config.load import parse
from config.registry import Registry
from config.targets import SENSORS, place_of, targets
from detectors.dry_run import Outcome, Spell, dry_run
from detectors.rule import RuleParams
from detectors.rules.forecast import Rule as Forecast
from detectors.shelf import build_reading_rule, input_of
from ingest.errors import InvalidInput, NotFound
from ingest.instant import format_instant
from ingest.reading import Reading

MOST_DEVICES = 50
MOST_READINGS = 100_000
"""Of all devices together: some seconds of work."""
LONGEST = timedelta(days=35)
LEAD = timedelta(days=1)
"""Before `since`, in which a rule may learn."""
POINTS = 2000
"""Of a device in a chart."""

TARGETS = {"devices", "sites", "site_kinds", "areas"}
"""Of a rule, not told: whoever tries it may not see all of them."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be tried.

    Attributes:
        rule: Id of a rule of the registry, or the keys of one as in a registry file.
        devices: Only these of its targets; empty: all.
        since: From when on it is told.
        until: Until when.
        lead: So long before `since` it is switched on.
        chart: With the values, for a picture.
    """

    rule: str | Mapping[str, object]
    devices: tuple[str, ...]
    since: datetime
    until: datetime
    lead: timedelta = LEAD
    chart: bool = False


def rule_of(asked: str | Mapping[str, object], registry: Registry) -> RuleParams:
    """The rule that is meant; NotFound, or InvalidRegistry with every mistake of it."""
    if isinstance(asked, str):
        found = next((each for each in registry.rules if each.id == asked), None)
        if found is None:
            raise NotFound(f"no rule {asked!r}")
    else:
        text = yaml.safe_dump({"rules": [dict(asked)]}, allow_unicode=True)
        found = parse(text, "rule").resolve(registry).rules[0]
    return found


def try_rule(
    conn: Connection,
    asked: Asked,
    *,
    registry: Registry,
    directory: Directory,
    sees: Callable[[DeviceEntry], bool],
) -> Json:
    """What the rule would have raised; `sees` says of which devices the reader may know."""
    params = rule_of(asked.rule, registry)
    if input_of(params) != "readings":
        what = f"a {params.kind} rule looks at pictures, which are not kept"
        raise InvalidInput(what, where="rule", mend="try a rule over readings")
    devices = [each for each in targets(params, directory, SENSORS) if sees(each)]
    unknown = sorted(set(asked.devices) - {each.id for each in devices})
    if unknown:
        raise InvalidInput(
            f"the rule does not watch {unknown[0]!r}", where="devices", mend="leave `devices` out"
        )
    devices = [each for each in devices if not asked.devices or each.id in asked.devices]
    _check(asked, devices)
    begin = asked.since - asked.lead
    many = sum(past_readings.count(conn, each.id, begin, asked.until) for each in devices)
    if many > MOST_READINGS:
        what = f"{many} readings are more than {MOST_READINGS}"
        raise InvalidInput(what, where="since", mend="ask for a shorter time or fewer devices")
    return {
        "rule": params.model_dump(mode="json", exclude_none=True, exclude=TARGETS),
        "since": format_instant(asked.since),
        "until": format_instant(asked.until),
        "devices": [
            found
            for each in devices
            if (found := _of(conn, params, each, asked, directory))["readings"] or each.kind != "speaker"
        ],
    }


def _check(asked: Asked, devices: Sequence[DeviceEntry]) -> None:
    if not asked.since < asked.until:
        raise InvalidInput("it ends before it begins", where="until", mend="give a later `until`")
    if asked.lead < timedelta(0) or asked.until - asked.since + asked.lead > LONGEST:
        what = f"longer than {LONGEST.days} days, `lead` included"
        raise InvalidInput(what, where="since", mend="ask for a shorter time")
    if len(devices) > MOST_DEVICES:
        what = f"{len(devices)} devices are more than {MOST_DEVICES}"
        raise InvalidInput(what, where="devices", mend="name some of them")


def _of(
    conn: Connection, params: RuleParams, device: DeviceEntry, asked: Asked, directory: Directory
) -> Json:
    begin = asked.since - asked.lead
    quantity = cast("str | None", getattr(params, "quantity", None))
    rows = past_readings.arrived(conn, device.id, begin, asked.until, quantity=quantity)
    own = params.of_device(calibration_due=device.calibration_due)
    rule = build_reading_rule(own, directory.zone(directory.sites[device.site].area))
    found = dry_run(rule, rows, begin=begin, since=asked.since, until=asked.until)
    shown: Json = {
        "device": device.id,
        "place": place_of(params, device),
        "readings": len(rows),
        "used": found.used,
        "would_raise": [_spell(each) for each in found.spells],
        "last": {"state": found.last.state, "explanation": found.last.explanation.as_dict()},
    }
    if asked.chart:
        shown |= _chart(rows, found, rule, asked)
    return shown


def _spell(each: Spell) -> Json:
    return {
        "since": format_instant(each.level.since),
        "raised_at": format_instant(each.raised_at),
        "cleared_at": None if each.cleared_at is None else format_instant(each.cleared_at),
        "went_stale": each.unknown,
        "value": each.level.value,
        "limit": each.level.limit,
        "certainty": each.level.certainty,
        "explanation": each.level.explanation.as_dict(),
    }


def _chart(rows: Sequence[Reading], found: Outcome, rule: object, asked: Asked) -> Json:
    """The values (thinned by leaving out, so that each is one that was measured) and the lines of forecasts."""
    within = [each for each in rows if each.at >= asked.since]
    stride = -(-len(within) // POINTS) or 1
    forecasts: list[Json] = []
    if isinstance(rule, Forecast):
        for each in found.spells:
            line = rule.line_of(each.state)
            if line is not None:
                ends = (each.raised_at, each.raised_at + rule.params.ahead)
                forecasts.append(
                    {
                        "from": [format_instant(ends[0]), round(line.value_at(ends[0].timestamp()), 3)],
                        "to": [format_instant(ends[1]), round(line.value_at(ends[1].timestamp()), 3)],
                        "deviation": round(
                            line.deviation_at(ends[0].timestamp(), rule.params.ahead.total_seconds()), 3
                        ),
                    }
                )
    return {
        "unit": within[-1].unit if within else "",
        "points": [
            [format_instant(each.at), each.value] for each in sorted(within[::stride], key=lambda e: e.at)
        ],
        "forecasts": forecasts,
    }
