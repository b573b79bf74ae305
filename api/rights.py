"""Who may see and do what: the one place.

A *right* is `noun.verb`. A role has rights (ROLES); what a user sees of a noun is a Sight, made from the role's
`.read` rights and the user's own scope. Nothing is granted by default: a role that a table does not name has
nothing, a user whose scope is empty sees nothing, a route that declares no right keeps the hub from starting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.directory import Directory
from alerts.sight import Sight
from ingest.errors import NotPermitted

KITCHENS = frozenset({"canteen-school", "canteen-care", "canteen-hospital", "central-kitchen", "catering"})
"""What an inspector without own `site_kinds` sees: kitchens, never crossroads or villages."""

SCENE = frozenset({"area.read", "site.read", "unit.read", "device.read", "incident.read", "case.read"})
"""Places, devices, incidents and cases."""

PICTURES = frozenset({"evidence.read", "camera.picture"})
"""Shown (blurred) evidence and the camera's present picture."""

LIVE = frozenset({"camera.live"})
"""Live views as the camera sends them, persons not blurred, of the places one sees; each opening is audited.

With `camera.picture` alone a live view is a row of shown (blurred) pictures.
"""

DRIVE = frozenset({"camera.drive"})
"""Sending a movable camera to a preset: its rules pause while it looks elsewhere."""

RECORDED = frozenset({"camera.playback"})
"""What recorders keep: looking back at people, so it goes with the sealed originals of evidence."""

STREAM = frozenset({"event.read", "category.read", "plan.read", "mode.read"})
"""The log, and the words that stand in it: everybody's."""

ROOM = frozenset({"shift.read", "shift.keep"})
"""Keeping a monitoring room and handing it over."""

REPORTS = frozenset({"report.read", "report.export"})
"""Reports of what the reader may see anyway, counted; and the same as a workbook, marked and audited."""

DUTY = frozenset({"duty.read", "duty.names", "test-alarm.read"})
"""Who is on duty and in the room, by name (which is kept from who looks only), and how test alarms went."""

CONTACTS = frozenset({"contact.name", "contact.phone"})
"""Who is on duty at the site of an incident, and the telephone number."""

TRIES = frozenset({"rule.try"})
"""Trying a rule over stored readings of the places one sees: it costs the hub some seconds of work."""

BRINGS = frozenset({"attachment.create"})
"""A photo into the file of a case that one works on, or of the own site."""

FILES = BRINGS | {"attachment.read"}
"""Photos in the files of cases, not blurred: for those who work on cases."""

DAMPED = frozenset({"damping.read"})
"""What rules no longer see at some spots, for a while, because somebody judged it false."""

TEACHES = frozenset({"lesson.read", "lesson.write"})
"""Teaching conditions with crops of originals: it needs `evidence.original` beside it for those."""

TOLD = frozenset({"notice.read", "silence.read"})
"""Who was told of what and why, and what nobody is told of for now."""

ROLES: Mapping[str, frozenset[str]] = {
    "operator": SCENE
    | PICTURES
    | LIVE
    | RECORDED
    | DRIVE
    | {"reporter.open"}
    | STREAM
    | DUTY
    | {"rule.read", "route.read", "reading.read", "broadcast.read", "broadcast.create", "evidence.original"}
    | {"incident.ack", "incident.judge", "case.create", "case.act"}
    | FILES
    | CONTACTS
    | {"silence.write", "damping.write"}
    | TRIES
    | TOLD
    | DAMPED
    | {"lesson.read"}
    | REPORTS
    | ROOM,
    "inspector": SCENE
    | PICTURES
    | LIVE
    | RECORDED
    | STREAM
    | {"duty.read"}
    | {"rule.read", "reading.read", "evidence.original"}
    | {"incident.ack", "incident.judge", "case.create", "case.act"}
    | FILES
    | CONTACTS
    | {"silence.write", "damping.write"}
    | TRIES
    | TOLD
    | DAMPED
    | TEACHES
    | REPORTS,
    "site-keeper": SCENE
    | PICTURES
    | LIVE
    | STREAM
    | REPORTS
    | CONTACTS
    | TOLD
    | BRINGS
    | {"reading.read", "incident.mend", "incident.ack"},
    "dispatcher": SCENE
    | PICTURES
    | LIVE
    | DRIVE
    | {"reporter.open", "qr.print"}
    | STREAM
    | DUTY
    | {"rule.read", "route.read", "reading.read", "broadcast.read", "broadcast.create"}
    | {"incident.ack", "case.create", "case.act", "case.reconcile", "mapping.read"}
    | FILES
    | CONTACTS
    | TOLD
    | REPORTS
    | ROOM
    | {"mode.switch"},
    "handler": PICTURES
    | {"reporter.open"}
    | STREAM
    | FILES
    | CONTACTS
    | {"incident.read", "case.read", "case.act", "notice.read"},
    "supervisor": SCENE
    | PICTURES
    | LIVE
    | STREAM
    | DUTY
    | {"test-alarm.create"}
    | {"rule.read", "route.read", "reading.read", "broadcast.read", "case.act", "case.reconcile"}
    | FILES
    | CONTACTS
    | {"silence.write", "damping.write"}
    | TOLD
    | DAMPED
    | REPORTS
    | TRIES
    | {"shift.read", "mode.switch"},
    # Sees all evidence in shown form, changes the registry, and has no part in incidents and cases; live views,
    # because who hangs a camera must see where it looks.
    "administrator": SCENE
    | PICTURES
    | LIVE
    | {"qr.print", "qr.renew"}
    | {"push.show", "push.renew"}
    | STREAM
    | DUTY
    | {"test-alarm.create"}
    | {
        "rule.read",
        "route.read",
        "user.read",
        "reading.read",
        "rejected.read",
        "offer.read",
        "offer.write",
        "broadcast.read",
        "audit.read",
    }
    | {"channel.read", "delivery.read", "delivery.replay"}
    | {"webhook.read", "webhook.write", "registry.write", "registry.export", "metrics.read"}
    | {"case.reconcile", "mapping.read", "mapping.write"}
    | TRIES
    | TOLD
    | DAMPED
    | {"lesson.read"}
    | REPORTS
    | {"shift.read"},
    # Verifies trails and hashes: no picture, no change.
    "auditor": SCENE
    | STREAM
    | TOLD
    | DAMPED
    | REPORTS
    | {"shift.read", "rule.read", "route.read", "audit.read", "case.reconcile", "mapping.read"},
    # A machine: the ordered stream of cases and events, and signals of its own.
    "platform": SCENE
    | STREAM
    | {
        "case.create",
        "case.reconcile",
        "case.settle",
        "case.master",
        "mapping.read",
        "signal.send",
        "metrics.read",
    },
}

EVERYWHERE = frozenset({"administrator", "auditor"})
"""Roles without a limit of area; every other role sees nothing until its user entry says where."""

RIGHTS = frozenset().union(*ROLES.values())
"""Every right that some role has; a route that declares another one keeps the hub from starting."""

CHANGING = frozenset(right for right in RIGHTS if not right.endswith((".read", ".picture", ".reconcile"))) | {
    "evidence.original",
    "attachment.read",
}
"""What a read-only principal never has."""


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the registry.

    Attributes:
        name: Registry id.
        role: Word of ROLES.
        areas: Seen with everything below them; empty: none (but see EVERYWHERE).
        site_kinds: Seen kinds of sites; empty: all.
        sites: The own sites (site-keeper).
        units: The own units (handler).
        password: Argon2 hash, or empty: nobody logs in by password.
        everywhere: No limit of area, whatever `areas` says (the demo's guest).
    """

    name: str
    role: str
    areas: tuple[str, ...] = ()
    site_kinds: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    password: str = ""
    everywhere: bool = False


GUEST = Account(name="guest", role="operator", everywhere=True)
"""The demo's visitor: an operator that changes nothing and opens no original."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and what that gives.

    Attributes:
        account: The user behind it.
        rights: Everything it may do.
        sight: Everything it may see.
        expires_at: When its token ends (UTC).
        read_only: Nothing is changed by it.
    """

    account: Account
    rights: frozenset[str]
    sight: Sight
    expires_at: datetime
    read_only: bool = False

    @property
    def name(self) -> str:
        """Of the user, for trails."""
        return self.account.name

    @property
    def role(self) -> str:
        """Word of ROLES."""
        return self.account.role


def principal(
    account: Account, directory: Directory, *, expires_at: datetime, read_only: bool = False
) -> Principal:
    """What this user may see and do while the registry is as it is."""
    rights = ROLES.get(account.role, frozenset()) | _in_emergency(account, directory)
    if read_only:
        rights -= CHANGING
    return Principal(account, rights, sight_of(account, directory, rights), expires_at, read_only)


def _in_emergency(account: Account, directory: Directory) -> frozenset[str]:
    """What a mode in force adds: speaking, for roles that it names, when it holds in all of the user's areas."""
    overlays = [directory.overlay(area) for area in account.areas]
    speaks = bool(overlays) and all(each is not None and account.role in each.speakers for each in overlays)
    return frozenset({"broadcast.read", "broadcast.create"}) if speaks else frozenset()


def sight_of(account: Account, directory: Directory, rights: frozenset[str]) -> Sight:
    """What the user sees: nouns from the rights, places from the user's own scope."""
    everywhere = account.everywhere or account.role in EVERYWHERE
    areas: frozenset[str] | None = None if everywhere else _with_descendants(account.areas, directory)
    kinds = frozenset(account.site_kinds) or (KITCHENS if account.role == "inspector" else None)
    sites: frozenset[str] | None = None
    units: frozenset[str] | None = None
    if account.role == "site-keeper":
        sites = frozenset(account.sites)
        areas = frozenset(directory.sites[each].area for each in sites if each in directory.sites)
    if account.role == "handler":
        units, areas = frozenset(account.units), None
    nouns = frozenset(noun for noun, _, verb in (right.partition(".") for right in rights) if verb == "read")
    return Sight(nouns=nouns, areas=areas, site_kinds=kinds, sites=sites, units=units)


def _with_descendants(areas: Iterable[str], directory: Directory) -> frozenset[str]:
    return frozenset(each for area in areas for each in (area, *directory.descendants(area)))


def may(who: Principal, right: str) -> bool:
    """Whether this principal has the right; where it is used is the Sight's matter."""
    return right in who.rights


def demand(who: Principal, right: str) -> None:
    """Raise NotPermitted when the principal lacks the right."""
    if not may(who, right):
        only = " here (read-only)" if who.read_only else ""
        raise NotPermitted(f"the role {who.role} may not {right}{only}")
