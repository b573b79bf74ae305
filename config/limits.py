"""Limits: what the threshold rules of a registry say of each device of a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.directory import Directory
from alerts.kitchen import Limit
from config.registry import Registry
from config.targets import SENSORS, targets


def limits_by_site(registry: Registry, directory: Directory) -> Mapping[str, Sequence[Limit]]:
    """By site, in the order of devices and rules; a rule judges those of its devices that measure its quantity."""
    found: dict[str, list[Limit]] = {}
    for rule in registry.rules:
        if rule.kind != "threshold":
            continue
        quantity = str(getattr(rule, "quantity"))  # noqa: B009 - every threshold has one; the base class need not
        above, below = getattr(rule, "above", None), getattr(rule, "below", None)
        for device in targets(rule, directory, SENSORS):
            found.setdefault(device.site, []).append(Limit(device.id, rule.id, quantity, above, below))
    return {site: sorted(each, key=lambda one: (one.device, one.rule)) for site, each in found.items()}
