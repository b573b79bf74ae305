"""Sensor rules: every rule on every sensor it watches, with states that are stored with the readings they came from.

Used by one thread only, the ledger's writer: what a rule remembers, the reading it remembers it from and the
signal that follows are one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.directory import Directory
from config.targets import SENSORS, targets
from detectors.emitter import Emitter, Source, source
from detectors.rule import ReadingRule, RuleParams, RuleState
from detectors.shelf import build_reading_rule, input_of
from detectors.signal import Signal
from ingest.reading import Reading


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule on one device.

    Attributes:
        key: Of the stored state; it changes with the parameters, so that a changed rule starts anew.
        rule: The rule.
        source: Where its signals come from.
    """

    key: str
    rule: ReadingRule
    source: Source


def watches(rules: Iterable[RuleParams], directory: Directory) -> tuple[Watch, ...]:
    """Every rule over readings on every device that it names."""
    found = []
    for params in rules:
        if input_of(params) != "readings":
            continue
        digest = hashlib.sha256(params.model_dump_json().encode()).hexdigest()[:12]
        for device in targets(params, directory, SENSORS):
            site = directory.sites[device.site]
            found.append(
                Watch(
                    key=f"{params.id}/{device.id}/{digest}",
                    rule=build_reading_rule(params, directory.zone(site.area)),
                    source=source(params, site=device.site, device=device.id),
                )
            )
    return tuple(found)


class SensorRules:
    """The states of all watches, and what was last told of each."""

    def __init__(self, *, epoch: int, new_id: Callable[[], str]) -> None:
        self._emitter = Emitter(epoch=epoch, new_id=new_id)
        self._watches: tuple[Watch, ...] = ()
        self._by_device: dict[str, list[Watch]] = {}
        self._states: dict[str, RuleState] = {}

    def configure(
        self, found: Sequence[Watch], stored: Mapping[str, RuleState], now: datetime
    ) -> dict[str, RuleState]:
        """Watch these from now on; returns the states that are new and must be stored.

        A watch whose state is in memory or in `stored` goes on from there.
        """
        fresh: dict[str, RuleState] = {}
        states: dict[str, RuleState] = {}
        by_device: dict[str, list[Watch]] = {}
        for watch in found:
            if watch.key in self._states:
                states[watch.key] = self._states[watch.key]
            elif watch.key in stored:
                states[watch.key] = watch.rule.resume(stored[watch.key], now)
            else:
                states[watch.key] = fresh[watch.key] = watch.rule.start(now)
            by_device.setdefault(watch.source.device, []).append(watch)
        self._watches, self._by_device, self._states = tuple(found), by_device, states
        self._emitter.forget(watch.source for watch in found)
        return fresh

    def reload(self, stored: Mapping[str, RuleState]) -> None:
        """A commit failed: go back to what is stored, and tell every level again."""
        for watch in self._watches:
            if watch.key in stored:
                self._states[watch.key] = stored[watch.key]
            last = self._emitter.last(watch.source)
            if last is not None:
                self._emitter.resume(watch.source, last.n)

    def resume(self, now: datetime) -> dict[str, RuleState]:
        """The hub listens again after the broker was away; returns the states that changed."""
        changed: dict[str, RuleState] = {}
        for watch in self._watches:
            before = self._states[watch.key]
            after = watch.rule.resume(before, now)
            if after is not before:
                self._states[watch.key] = changed[watch.key] = after
        return changed

    def observe(self, readings: Iterable[Reading]) -> dict[str, RuleState]:
        """Fold in readings; returns the states that changed and must be stored with them."""
        changed: dict[str, RuleState] = {}
        for reading in readings:
            for watch in self._by_device.get(reading.device, ()):
                before = self._states[watch.key]
                after = watch.rule.observe(before, reading)
                if after is not before:
                    self._states[watch.key] = changed[watch.key] = after
        return changed

    def signals(
        self, now: datetime, devices: Iterable[str] | None = None, *, listening: bool = True
    ) -> list[Signal]:
        """What is to be told now, of these devices or of all.

        While the hub itself does not listen (broker away) nothing is known of any sensor, so nothing is told:
        nobody is called silent, and what was active becomes stale by not being renewed.
        """
        if not listening:
            return []
        chosen = (
            self._watches
            if devices is None
            else [watch for device in dict.fromkeys(devices) for watch in self._by_device.get(device, ())]
        )
        told = []
        for watch in chosen:
            level = watch.rule.level(self._states[watch.key], now)
            if level.state == "unknown" and self._emitter.last(watch.source) is None:
                continue  # a sensor that never sent this quantity has nothing to tell
            signal = self._emitter.step(watch.source, level, now)
            if signal is not None:
                told.append(signal)
        return told

    def silent(self, now: datetime) -> frozenset[str]:
        """Devices of which a silence rule is active."""
        return frozenset(
            watch.source.device
            for watch in self._watches
            if watch.source.kind == "silence"
            and watch.rule.level(self._states[watch.key], now).state == "active"
        )

    @property
    def sources(self) -> frozenset[tuple[str, str]]:
        """(rule, device) of every watch."""
        return frozenset((watch.source.rule, watch.source.device) for watch in self._watches)
