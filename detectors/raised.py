"""Raised: one raise of one rule at one camera as it is stored, with what decided: dampings are made of and tried on it.

Before a damping or a changed rule takes effect somebody sees what it would have cost: `replay` and `replay_rule` say
which of the raises that are stored would not have been. They go by the things that decided then: their class, how sure,
where, at which hour. Where only some of them would not be seen it depends on the rule whether the rest would have
raised, so those are listed apart. Pictures are not kept, so nothing is told of how long or how many, and nothing of
what a rule that sees more would have raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from detectors.damping import LASTS, LONGEST, Damping, Thing, damped, why_never
from detectors.rule import RuleParams
from detectors.signal import Severity
from detectors.track import Track
from detectors.tracked import TrackedParams, ZonedParams, point_in
from detectors.zones import contains
from ingest.errors import Conflict, InvalidInput


@dataclass(frozen=True, slots=True)
class Raised:
    """One raise.

    Attributes:
        incident: Id of its incident.
        rule: Registry id of the rule.
        device: Registry id of the camera.
        severity: Of the rule then.
        at: When it was raised (UTC).
        aspect: Width of the picture divided by its height, in pixels.
        things: What decided (`decided`); none of raises that were stored without.
        verdict: What a person said of the incident; None: nobody has.
    """

    incident: str
    rule: str
    device: str
    severity: Severity
    at: datetime
    aspect: float
    things: tuple[Thing, ...]
    verdict: bool | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What dampings, or a changed rule, would have done.

    Attributes:
        lost: Nothing of what decided would have been seen: there would have been no raise.
        partly: Some of it would have been: with what is left the rule may have raised, or not.
        kept: How many would have been as they were.
    """

    lost: tuple[Raised, ...]
    partly: tuple[Raised, ...]
    kept: int

    def lost_as(self, verdict: bool | None) -> tuple[Raised, ...]:
        """Of those that would have been lost, those judged so; None: those that nobody judged."""
        return tuple(each for each in self.lost if each.verdict is verdict)


def decided(params: TrackedParams, tracks: Iterable[Track]) -> tuple[Thing, ...]:
    """Of the tracks of an active level the things of the rule's classes; what they were near or at is none of them."""
    return tuple(Thing.of(each) for each in tracks if each.label in params.classes)


def dampings(
    raised: Raised,
    params: RuleParams,
    *,
    now: datetime,
    new_id: Callable[[], str],
    lasts: timedelta = LASTS,
) -> tuple[Damping, ...]:
    """What a false verdict damps: one entry for each thing that decided.

    Args:
        raised: What was judged.
        params: Of its rule, as it is now.
        now: When it was judged; the entries expire `lasts` after that.
        new_id: Gives a ULID.
        lasts: At most LONGEST.

    Raises:
        InvalidInput: `lasts` is no such length.
        Conflict: it was not judged false, the rule is never damped, or nothing is known of what decided.
    """
    if not timedelta(0) < lasts <= LONGEST:
        raise InvalidInput(f"a damping lasts longer than 0 s and at most {LONGEST.days} days", where="lasts")
    if raised.verdict is not False:
        raise Conflict(f"incident {raised.incident} was not judged false", mend="judge it first")
    never = "it is about life safety" if raised.severity == "life" else why_never(params)
    if never is not None:
        raise Conflict(f"rule {raised.rule} is never damped: {never}", mend="change the rule or its zone")
    if not raised.things:
        raise Conflict(
            f"nothing is stored of what decided incident {raised.incident}",
            mend="change the rule or its zone",
        )
    return tuple(
        Damping(
            id=new_id(),
            rule=raised.rule,
            device=raised.device,
            label=each.label,
            box=each.box,
            aspect=raised.aspect,
            at=raised.at,
            expires_at=now + lasts,
        )
        for each in raised.things
    )


def replay_rule(params: TrackedParams, raises: Iterable[Raised], zone: Callable[[str], tzinfo]) -> Replayed:
    """What a rule with these parameters would have done to the raises of the one before it.

    Args:
        params: As they are to be.
        raises: Of the rule of this id.
        zone: The clock by which a camera's hours are told.
    """
    lost: list[Raised] = []
    partly: list[Raised] = []
    kept = 0
    for raised in raises:
        open_then = params.is_open(raised.at, zone(raised.device))
        seen = [open_then and would_see(params, each) for each in raised.things]
        if seen and all(seen):
            kept += 1
        else:
            (partly if any(seen) or (open_then and not seen) else lost).append(raised)
    return Replayed(tuple(lost), tuple(partly), kept)


def would_see(params: TrackedParams, thing: Thing) -> bool:
    """Whether the rule counts a thing as it was when it decided; what is not known of it speaks for it."""
    if thing.label not in params.classes:
        return False
    if thing.certainty is not None and thing.certainty < params.min_certainty:
        return False
    return not isinstance(params, ZonedParams) or contains(params.zone, point_in(thing.box, params.point))


def replay(entries: Sequence[Damping], raises: Iterable[Raised], clock: tzinfo) -> Replayed:
    """What the entries would have done to the raises, had they held then."""
    lost: list[Raised] = []
    partly: list[Raised] = []
    kept = 0
    for raised in raises:
        hidden = sum(
            damped(
                entries,
                thing,
                rule=raised.rule,
                device=raised.device,
                severity=raised.severity,
                at=raised.at,
                clock=clock,
            )
            is not None
            for thing in raised.things
        )
        if not hidden:
            kept += 1
        else:
            (lost if hidden == len(raised.things) else partly).append(raised)
    return Replayed(tuple(lost), tuple(partly), kept)
