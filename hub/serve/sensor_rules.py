"""Sensor rules: every rule on every sensor it watches, with states that are stored with the readings they came from.

Used by one thread only, the ledger's writer: what a rule remembers, the reading it remembers it from and the
signal that follows are one transaction.

A gateway is heard by whatever comes through it, and a device that is silent because its gateway is makes no incident of
its own, but joins the gateway's (hub/serve/behind.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.directory import Directory
from config.targets import SENSORS, targets
from detectors.emitter import Emitter, Source, source
from detectors.rule import Level, ReadingRule, RuleParams, RuleState
from detectors.shelf import build_reading_rule, input_of
from detectors.signal import Signal
from hub.serve.behind import OFFLINE, SILENCE, Behind, behind, hears_everything, told_as
from ingest.reading import Reading


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule on one device.

    Attributes:
        key: Of the stored state; it changes with the parameters, so that a changed rule starts anew.
        rule: The rule.
        source: Where its signals come from.
        hears: Of a gateway's silence: the devices whose messages come through it.
        behind: Of a silence: the device as part of the silence of each of its gateways.
    """

    key: str
    rule: ReadingRule
    source: Source
    hears: tuple[str, ...] = ()
    behind: tuple[Behind, ...] = ()

    def concerns(self, quantity: str) -> bool:
        """Whether readings of this quantity can change anything; a rule that names none is about all of them."""
        return getattr(self.rule.params, "quantity", None) in {None, quantity}

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that its level may be told as."""
        return (self.source, *(each.source for each in self.behind))


def watches(rules: Iterable[RuleParams], directory: Directory) -> tuple[Watch, ...]:
    """Every rule over readings on every device that it names."""
    found = []
    for each in rules:
        if input_of(each) != "readings":
            continue
        for device in targets(each, directory, SENSORS):
            params = each.of_device(calibration_due=device.calibration_due)
            digest = hashlib.sha256(params.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:12]
            site = directory.sites[device.site]
            found.append(
                Watch(
                    key=f"{params.id}/{device.id}/{digest}",
                    rule=build_reading_rule(params, directory.zone(site.area)),
                    source=source(params, site=device.site, device=device.id),
                )
            )
    return with_gateways(found, directory)


def with_gateways(found: Sequence[Watch], directory: Directory) -> tuple[Watch, ...]:
    """The same, the silences of gateways and of what is behind them knowing each other."""
    gateways: dict[str, Watch] = {}
    for each in found:
        if directory.devices[each.source.device].kind == "gateway" and hears_everything(each.rule.params):
            known = gateways.setdefault(each.source.device, each)
            if each.source.condition == OFFLINE != known.source.condition:
                gateways[each.source.device] = each
    if not gateways:
        return tuple(found)
    through: dict[str, list[str]] = {}
    for device in directory.devices:
        for gateway in directory.gateways(device):
            through.setdefault(gateway, []).append(device)
    made = []
    for each in found:
        device, of = each.source.device, gateways.get(each.source.device)
        if (
            of is not None
            and of.source.condition == OFFLINE != each.source.condition
            and each.source.kind == SILENCE
        ):
            continue  # the gateway's own rule takes the place of a general one
        if each is of:
            made.append(replace(each, hears=tuple(through.get(device, ()))))
        elif each.source.kind == SILENCE:
            above = [gateways[name] for name in directory.gateways(device) if name in gateways]
            # Of one rule at one place they are one incident already.
            parts = [behind(gw.key, gw.source, device) for gw in above if not _one(gw.source, each.source)]
            made.append(replace(each, behind=tuple(parts)))
        else:
            made.append(each)
    return tuple(made)


def _one(source: Source, other: Source) -> bool:
    return (source.place, source.condition) == (other.place, other.condition)


class SensorRules:
    """The states of all watches, and what was last told of each."""

    def __init__(self, *, epoch: int, new_id: Callable[[], str]) -> None:
        self._emitter = Emitter(epoch=epoch, new_id=new_id)
        self._watches: tuple[Watch, ...] = ()
        self._by_key: dict[str, Watch] = {}
        self._by_device: dict[str, list[Watch]] = {}
        self._by_series: dict[tuple[str, str], tuple[Watch, ...]] = {}
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
            for device in (watch.source.device, *watch.hears):
                by_device.setdefault(device, []).append(watch)
        self._watches, self._by_device, self._states = tuple(found), by_device, states
        self._by_series = {}
        self._by_key = {watch.key: watch for watch in found}
        self._emitter.forget(each for watch in found for each in watch.sources)
        return fresh

    def reload(self, stored: Mapping[str, RuleState]) -> None:
        """A commit failed: go back to what is stored, and tell every level again."""
        for watch in self._watches:
            if watch.key in stored:
                self._states[watch.key] = stored[watch.key]
            for each in watch.sources:
                last = self._emitter.last(each)
                if last is not None:
                    self._emitter.resume(each, last.n)

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
            series = reading.device, reading.quantity
            concerned = self._by_series.get(series)
            if concerned is None:
                concerned = self._by_series[series] = self._concerned(*series)
            for watch in concerned:
                before = self._states[watch.key]
                after = watch.rule.observe(before, reading)
                if after is not before:
                    self._states[watch.key] = changed[watch.key] = after
        return changed

    def _concerned(self, device: str, quantity: str) -> tuple[Watch, ...]:
        return tuple(each for each in self._by_device.get(device, ()) if each.concerns(quantity))

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
        told: list[Signal | None] = []
        for watch in chosen:
            level = watch.rule.level(self._states[watch.key], now)
            if level.state == "unknown" and all(self._emitter.last(each) is None for each in watch.sources):
                continue  # a sensor that never sent this quantity has nothing to tell
            told += [self._emitter.step(each, said, now) for each, said in self._told_as(watch, level, now)]
        return [each for each in told if each is not None]

    def _told_as(self, watch: Watch, level: Level, now: datetime) -> tuple[tuple[Source, Level], ...]:
        """As what a level is told: by itself, as part of its gateway's silence, or not yet at all."""
        if not watch.behind:
            return ((watch.source, level),)
        gateways = [
            (each.source, self._by_key[each.key].rule.level(self._states[each.key], now))
            for each in watch.behind
        ]
        last = ((each, self._emitter.last(each)) for each in watch.sources)
        told = next((each for each, sent in last if sent is not None and sent.state == "active"), None)
        return told_as(level, watch.source, gateways, told=told, now=now)

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
