"""Inhibit: a root cause mutes what follows from it (Alertmanager's inhibit_rules); pure.

While an incident of the source is open, nobody is told of the incidents of the target that agree with it in every
word of `equal`; they say what mutes them, and are told when it is over and they are not. Life safety is muted only
by a rule whose target names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from alerts.route import Facts, Match

Equal = Literal["site", "area", "site_kind", "place", "condition", "device", "gateway"]
EQUALS: tuple[Equal, ...] = get_args(Equal)
"""device: each device of the target is one of the source's; gateway: each sends through one of the source's."""


class County(Protocol):
    """What is asked of the registry; alerts.directory.Directory answers it."""

    def path(self, area: str) -> tuple[str, ...]:
        """The areas from the top down to `area` itself."""

    def gateways(self, device: str) -> tuple[str, ...]:
        """The devices that the messages of one come through."""


@dataclass(frozen=True, slots=True)
class Inhibition:
    """One rule."""

    id: str
    source: Match
    target: Match
    equal: tuple[Equal, ...]


@dataclass(frozen=True, slots=True)
class Party:
    """An open incident as a source or a target.

    Attributes:
        id: Of the incident.
        facts: What matches may ask.
        devices: That said so.
    """

    id: str
    facts: Facts
    devices: tuple[str, ...]


def may_mute(rule: Inhibition, party: Party, county: County) -> bool:
    """Whether this incident is a source of the rule."""
    return rule.source.holds(party.facts, county.path)


def may_be_muted(rule: Inhibition, party: Party, county: County) -> bool:
    """Whether this incident is a target of the rule."""
    life = party.facts.severity == "life" and rule.target.severity != "life"
    return not life and rule.target.holds(party.facts, county.path)


def mutes(rule: Inhibition, source: Party, target: Party, county: County) -> bool:
    """Whether the one mutes the other; two that are both source and target never mute each other."""
    if source.id == target.id:
        return False
    if not (may_mute(rule, source, county) and may_be_muted(rule, target, county)):
        return False
    if may_mute(rule, target, county) and may_be_muted(rule, source, county):
        return False
    return all(AGREE[word](source, target, county) for word in rule.equal)


def muted_by(
    rules: Iterable[Inhibition], target: Party, around: Iterable[Party], county: County
) -> tuple[str, ...]:
    """The ids of those that mute it, sorted."""
    near = tuple(around)
    return tuple(sorted({each.id for rule in rules for each in near if mutes(rule, each, target, county)}))


def _same(name: str) -> Callable[[Party, Party, County], bool]:
    def same(source: Party, target: Party, _county: County) -> bool:
        value = getattr(target.facts, name)
        return value is not None and value == getattr(source.facts, name)

    return same


def _same_devices(source: Party, target: Party, _county: County) -> bool:
    return bool(target.devices) and set(target.devices) <= set(source.devices)


def _behind(source: Party, target: Party, county: County) -> bool:
    """Every device of the target sends through a device of the source, directly or through another gateway."""
    causes = set(source.devices)
    return bool(target.devices) and all(causes & set(county.gateways(each)) for each in target.devices)


AGREE: Mapping[Equal, Callable[[Party, Party, County], bool]] = {
    "site": _same("site"),
    "area": _same("area"),
    "site_kind": _same("site_kind"),
    "place": _same("place"),
    "condition": _same("condition"),
    "device": _same_devices,
    "gateway": _behind,
}
"""What each word of `equal` asks."""
