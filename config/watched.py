"""Watched: which faults are watched on which camera: the shipped ones, and what `camera-health` rules say instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.directory import Directory, RuleMeta
from config.registry import Registry
from config.targets import CAMERAS, targets
from detectors.fault import faults
from detectors.health import Watched, shipped
from detectors.rule import RuleParams
from detectors.rules.camera_health import Params

KIND = "camera-health"


def watched(registry: Registry, directory: Directory) -> Mapping[str, tuple[Watched, ...]]:
    """By camera, what is watched on it; nothing on those of a closed site.

    Of several rules about one fault of one camera, one that names the camera wins over one that names its place, and
    then the first by id.
    """
    found: dict[str, dict[str, Watched | None]] = {
        device.id: {word: shipped(word) for word in faults()}
        for device in directory.devices.values()
        if device.kind in CAMERAS
        and device.site in directory.sites
        and directory.sites[device.site].state == "open"
    }
    rules = sorted((each for each in registry.rules if isinstance(each, Params)), key=lambda each: each.id)
    taken: set[tuple[str, str]] = set()
    for by_name in (True, False):
        for rule in rules:
            parts = {each.fault: each for each in rule.parts()}
            for device in targets(rule, directory, CAMERAS):
                if (device.id in rule.devices) != by_name or device.id not in found:
                    continue
                for word in rule.faults or faults():
                    if (device.id, word) not in taken:
                        taken.add((device.id, word))
                        found[device.id][word] = parts.get(word)
    return {
        device: tuple(each for each in rows.values() if each is not None) for device, rows in found.items()
    }


def metas(rule: RuleParams) -> Iterable[RuleMeta]:
    """What the alert core knows of a rule: one entry, or one for each of its faults."""
    if isinstance(rule, Params):
        for part in rule.parts():
            yield _meta(part)
    else:
        yield RuleMeta(rule.id, rule.kind, rule.condition or rule.id, rule.severity)


def shipped_metas() -> Iterable[RuleMeta]:
    """The rules that hold without the registry saying so."""
    return (_meta(shipped(word)) for word in faults())


def _meta(part: Watched) -> RuleMeta:
    return RuleMeta(part.id, KIND, faults()[part.fault].condition, part.severity)
