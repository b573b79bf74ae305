"""Silence: nobody is told of what matches, for a while; with an author, a reason and an end; pure.

It mutes notices only: incidents, cases and the push of events go on, and the incident says who silenced it. It
reaches no further than its author sees. Life safety is muted only where the site is named, and for hours, not days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.directory import Directory
from alerts.route import Facts, Match
from alerts.sight import Sight, Visibility
from ingest.errors import InvalidInput, NotFound

LONGEST = timedelta(days=30)
"""What should be quiet for longer is a matter for the rules."""

LONGEST_FOR_LIFE = timedelta(hours=4)
"""A silence of one site that ends so soon mutes life safety as well."""

REASON_CHARS = 500


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence.

    Attributes:
        id: ULID.
        match: What is muted, as in routes.
        reason: Why; never empty.
        who: Name of its author.
        created_at: When it began (UTC).
        ends_at: When it ends, or ended (UTC).
        life: Whether it mutes life safety, too.
        sight: What its author sees.
        place: Where it stands: who may see it in lists.
    """

    id: str
    match: Match
    reason: str
    who: str
    created_at: datetime
    ends_at: datetime
    life: bool
    sight: Sight
    place: Visibility

    def mutes(self, facts: Facts, place: Visibility, path: Callable[[str], tuple[str, ...]]) -> bool:
        """Whether nobody is told of an incident while it lasts."""
        if facts.severity == "life" and not self.life:
            return False
        return self.match.holds(facts, path) and self.sight.sees("incident", place)


def begin(
    key: str,
    match: Match,
    reason: str,
    ends_at: datetime,
    *,
    who: str,
    sight: Sight,
    directory: Directory,
    now: datetime,
) -> Silence:
    """A new silence; raises InvalidInput, and NotFound for a place that its author does not see."""
    if not reason.strip() or len(reason) > REASON_CHARS:
        raise InvalidInput(
            f"a silence needs a reason of up to {REASON_CHARS} characters", where="body.reason"
        )
    if match.everything:
        raise InvalidInput("a silence of everything", where="body.match", mend="say what is to be silent")
    if not now < ends_at <= now + LONGEST:
        raise InvalidInput(
            f"a silence ends within {LONGEST.days} days", where="body.ends_at", mend="give a moment to come"
        )
    life = match.site is not None and ends_at - now <= LONGEST_FOR_LIFE
    if match.severity == "life" and not life:
        raise InvalidInput(
            "life safety is silenced only by naming a site, and for at most 4 h",
            where="body.match.severity",
            mend="name the site, and end it sooner",
        )
    place = _place(match, sight, directory)
    return Silence(key, match, reason.strip(), who, now, ends_at, life, sight, place)


def _place(match: Match, sight: Sight, directory: Directory) -> Visibility:
    """Where it stands: its site, or its area; what the author sees a part of only must be named."""
    if match.site is not None:
        place = directory.visibility(match.site) if match.site in directory.sites else None
        if place is None or not sight.sees("site", place):
            raise NotFound(f"no site {match.site!r}")
        return place
    if match.area is not None and (
        match.area not in directory.areas or not sight.sees("area", Visibility(area=match.area))
    ):
        raise NotFound(f"no area {match.area!r}")
    if sight.sites is not None or (sight.areas is not None and match.area is None):
        word = "a site" if sight.sites is not None else "an area or a site"
        raise InvalidInput(
            f"the silence is not limited to {word}", where="body.match", mend=f"name {word} that you see"
        )
    if sight.site_kinds is not None and match.site_kind not in sight.site_kinds:
        raise InvalidInput(
            "the silence names no kind of site that you see",
            where="body.match.site_kind",
            mend=f"one of: {', '.join(sorted(sight.site_kinds))}",
        )
    return Visibility(area=match.area, site_kind=match.site_kind)
