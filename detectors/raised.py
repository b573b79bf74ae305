"""Raised: one raise of one rule at one camera as it is stored, with what decided: dampings are made of and tried on it.

Before a damping takes effect somebody sees what it would have cost: `replay` says which of the raises that are stored
would not have been. It decides by the things that decided then. Where only some of them are damped it depends on the
rule whether the rest would have raised, so those are listed apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from detectors.damping import LASTS, LONGEST, Damping, Thing, damped, why_never
from detectors.rule import RuleParams
from detectors.signal import Severity
from detectors.track import Track
from detectors.tracked import TrackedParams
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
    """What dampings would have done.

    Attributes:
        lost: All that decided would have been damped: there would have been no raise.
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
