"""Targets: which devices a rule watches."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.directory import DeviceEntry, Directory
from detectors.rule import RuleParams

CAMERAS = frozenset({"camera"})
SENSORS = frozenset({"sensor", "gateway", "speaker"})


def targets(rule: RuleParams, directory: Directory, kinds: Iterable[str]) -> tuple[DeviceEntry, ...]:
    """The devices of these kinds that `rule` names, ordered by id.

    `devices` are named one by one; `sites`, `site_kinds` and `areas` (descendants included) narrow each other:
    `site_kinds: [canteen-school], areas: [east]` means the school kitchens of the east. A closed site keeps its
    life-safety rules only. A rule with `probe` watches sensors with such a probe only.
    """
    wanted = frozenset(kinds)
    areas = frozenset().union(*(directory.descendants(each) for each in rule.areas))
    found = []
    for device in directory.devices.values():
        site = directory.sites.get(device.site)
        if device.kind not in wanted or site is None:
            continue
        if site.state != "open" and rule.severity != "life":
            continue
        if rule.probe is not None and device.probe != rule.probe:
            continue
        by_place = (
            bool(rule.sites or rule.site_kinds or rule.areas)
            and (not rule.sites or site.id in rule.sites)
            and (not rule.site_kinds or site.kind in rule.site_kinds)
            and (not rule.areas or site.area in areas)
        )
        if device.id in rule.devices or by_place:
            found.append(device)
    return tuple(sorted(found, key=lambda each: each.id))


def place_of(rule: RuleParams, device: DeviceEntry) -> str:
    """Where an incident of this rule on this device is: `site/zone_name`, or the site."""
    return f"{device.site}/{rule.zone_name}" if rule.zone_name else device.site
