"""Advice: what is allowed in a registry and yet probably not meant, or missing before the law. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.directory import DEFAULT_CALENDAR
from alerts.roster import on_duty
from config.calendars import published_until, shipped_calendars
from config.catalogue import conditions
from config.directory import directory
from config.mistakes import path_of
from config.nouns.device import Camera
from config.nouns.route import RouteMatch, branches, route_order
from config.registry import Registry
from config.targets import CAMERAS, SENSORS, targets
from config.wording import near
from detectors.shelf import input_of

LEGAL = {
    "purpose": "purpose",
    "legal_basis": "legal_basis",
    "owner": "owner",
    "sign_posted": "sign_posted: true",
    "filed_no": "filed_no",
}
"""What a public-safety camera must have (State Council order 799), and what is written for it."""


AHEAD = timedelta(days=45)
"""Calendars are to be known so far ahead; the next year's holidays are published in November."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at.

    Attributes:
        about: Section and key, such as `devices school-1-cam`.
        what: What is missing or odd.
        mend: What to do.
    """

    about: str
    what: str
    mend: str


def advice(
    registry: Registry, models: Mapping[str, frozenset[str]], *, today: date | None = None
) -> tuple[Advice, ...]:
    """Everything worth a look; `models` are the usable models with the classes they know.

    Without `today` nothing is said of calendars that end, and of hours in which nobody is on duty.
    """
    return (
        *_cameras(registry),
        *_rules(registry, models),
        *_words(registry),
        *_routes(registry),
        *_users(registry),
        *(_calendars(registry, today) if today else ()),
        *_shifts(registry),
        *(_nights(registry, today) if today else ()),
    )


def _cameras(registry: Registry) -> Iterable[Advice]:
    for device in registry.devices:
        if isinstance(device, Camera):
            missing = [text for name, text in LEGAL.items() if not getattr(device, name)]
            if missing:
                what = f"missing for a public-safety camera: {', '.join(missing)}"
                yield Advice(
                    f"devices {device.id}", what, "ask the camera's owner, and write it into the registry"
                )


def _rules(registry: Registry, models: Mapping[str, frozenset[str]]) -> Iterable[Advice]:
    whole = directory(registry)
    cameras = {each.id: each for each in registry.devices if isinstance(each, Camera)}
    for rule in registry.rules:
        looks = input_of(rule) != "readings"
        found = targets(rule, whole, CAMERAS if looks else SENSORS)
        if not found:
            what = f"watches nothing now: no {'camera' if looks else 'sensor'} stands where it looks"
            yield Advice(f"rules {rule.id}", what, "check its devices, sites, site_kinds and areas")
        for name in sorted({cameras[each.id].model or "" for each in found if input_of(rule) == "tracks"}):
            classes = models.get(name)
            if name and classes is None:
                known = ", ".join(sorted(models)) or "none"
                yield Advice(
                    f"rules {rule.id}", f"its camera's model {name!r} is not usable", f"usable: {known}"
                )
            unknown = sorted(set(getattr(rule, "labels", ())) - classes) if classes else []
            for word in unknown:
                close = near(word, classes or ())
                mend = f"did you mean {close}?" if close else f"see the labels of models/{name}"
                yield Advice(f"rules {rule.id}", f"the model {name} knows no class {word!r}", mend)


def _words(registry: Registry) -> Iterable[Advice]:
    known = conditions()
    own = {rule.condition or rule.id for rule in registry.rules}
    for rule in registry.rules:
        if rule.condition is not None and rule.condition not in known:
            close = near(rule.condition, known)
            mend = f"did you mean {close}?" if close else "right if it is a word of your own"
            yield Advice(
                f"rules {rule.id}", f"condition {rule.condition!r} is not in config/conditions.yaml", mend
            )
    for each in registry.together:
        for word in sorted({word for line in each.any_of for word in line} - own - set(known)):
            yield Advice(f"together {each.id}", f"no rule gives the condition {word!r}", "check the word")


def _routes(registry: Registry) -> Iterable[Advice]:
    everything = False
    for route in sorted(registry.routes, key=route_order):
        if everything:
            what = "is never reached: a route before it matches everything"
            yield Advice(f"routes {route.id}", what, "move it up, or give that one continue: true")
        for loc, each in branches(route):
            beside = each.routes
            for at in range(1, len(beside)):
                if any(one.match == RouteMatch() and not one.go_on for one in beside[:at]):
                    yield Advice(
                        f"routes {route.id}",
                        f"{path_of((*loc, 'routes', at))} is never reached: one before it matches everything",
                        "move it up, or give that one continue: true",
                    )
        everything = everything or (route.match == RouteMatch() and not route.go_on)


def _users(registry: Registry) -> Iterable[Advice]:
    needed = {"site-keeper": ("sites", "sites"), "handler": ("units", "units")}
    for user in registry.users:
        name, word = needed.get(user.role, ("areas", "areas"))
        if user.role not in {"administrator", "auditor"} and not getattr(user, name):
            yield Advice(f"users {user.name}", f"a {user.role} without {word} sees nothing", f"give {word}")


def _calendars(registry: Registry, today: date) -> Iterable[Advice]:
    own = {each.id: each for each in registry.calendars}
    named = {each.calendar for each in registry.sites} | {
        each.calendar for route in registry.routes for _, each in branches(route)
    }
    named |= {each.calendar for each in registry.workflows} | (
        {DEFAULT_CALENDAR} if registry.routes else set()
    )
    for key, calendar in {**shipped_calendars(), **own}.items():
        until = published_until(calendar)
        if until is not None and key in {*own, *named} and today + AHEAD > until:
            late = [each for each in (*calendar.off, *calendar.work) if each > until]
            if not late:
                what = f"knows no public holidays after {until}; weeks after it count as ordinary ones"
                mend = "update the hub when they are published, or write them as off and work"
                yield Advice(f"calendars {key}", what, mend)
        if calendar.terms and today + AHEAD > calendar.terms[-1].last:
            what = (
                f"knows no term after {calendar.terms[-1].last}; from then on clocks run and sites are open"
            )
            yield Advice(
                f"calendars {key}", what, "add the next term, so that the holiday before it stops them"
            )


def _shifts(registry: Registry) -> Iterable[Advice]:
    for roster in registry.rosters:
        for number, shift in enumerate(roster.shifts, 1):
            if not shift.channels:
                what = f"shift {number} has no channels: who is on duty is told on the hub's own page only"
                yield Advice(f"rosters {roster.id}", what, "name channels that reach them")


def _nights(registry: Registry, today: date) -> Iterable[Advice]:
    """The first hour of the next two weeks in which no roster has anybody."""
    rosters = tuple(directory(registry).rosters.values())
    if not rosters:
        return
    begin = datetime.combine(today, time(), rosters[0].calendar.zone)
    for half_hours in range(14 * 48):
        at = begin + timedelta(minutes=30) * half_hours
        if not any(on_duty(each, at) for each in rosters):
            what = (
                f"nobody is on duty on {at:%Y-%m-%d} at {at:%H:%M}: what comes then waits for the next shift"
            )
            yield Advice("rosters", what, "add a shift for these hours")
            return
