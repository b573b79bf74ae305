"""Damp: a false verdict becomes dampings, once somebody has seen what they would have cost.

The ledger is asked through alerts.ledger; what is damped and what would have been lost is decided in
detectors.raised.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.case import Actor
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import audit, dampings, incidents, raises
from alerts.ledger.engine import Connection
from alerts.sight import Sight
from detectors.damping import LONGEST, Damping
from detectors.raised import Raised, Replayed, replay
from detectors.raised import dampings as dampings_of
from detectors.rule import RuleParams
from ingest.errors import Conflict
from ingest.instant import format_instant

TRIED_ON = LONGEST
"""How far back the stored raises reach that a damping is tried on."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Dampings that do not hold yet, and what they would have done to the raises that are stored.

    Attributes:
        raised: What was judged false.
        entries: One for each thing that decided.
        replayed: Of the same rule at the same camera, in the last TRIED_ON.
    """

    raised: Raised
    entries: tuple[Damping, ...]
    replayed: Replayed

    def as_dict(self) -> dict[str, object]:
        """`{incident, rule, device, expires_at, damps: [{label, box}], lost, partly, kept, true}`.

        `lost` and `partly` are `[{incident, at, verdict}]`, the newest first; `true` counts those of them that
        somebody judged true.
        """
        gone = (*self.replayed.lost, *self.replayed.partly)
        return {
            "incident": self.raised.incident,
            "rule": self.raised.rule,
            "device": self.raised.device,
            "expires_at": format_instant(self.entries[0].expires_at),
            "damps": [{"label": each.label, "box": list(each.box)} for each in self.entries],
            "lost": [_line(each) for each in self.replayed.lost],
            "partly": [_line(each) for each in self.replayed.partly],
            "kept": self.replayed.kept,
            "true": sum(each.verdict is True for each in gone),
        }


def _line(raised: Raised) -> dict[str, object]:
    return {"incident": raised.incident, "at": format_instant(raised.at), "verdict": raised.verdict}


def propose(
    conn: Connection,
    sight: Sight,
    incident: str,
    *,
    rules: Mapping[str, RuleParams],
    lasts: timedelta,
    directory: Directory,
    now: datetime,
) -> Proposal:
    """What damping this incident would mean. Nothing is written.

    Raises:
        NotFound: the incident is not there, or not to be seen.
        InvalidInput: `lasts` is no length that a damping may have.
        Conflict: it was not judged false, its rule is gone or never damped, or nothing is known of what decided.
    """
    incidents.get(conn, sight, incident)
    raised = raises.of_incident(conn, incident)
    if raised is None:
        raise Conflict(
            f"nothing is stored of what decided incident {incident}", mend="change the rule or its zone"
        )
    params = rules.get(raised.rule)
    if params is None:
        raise Conflict(f"the rule {raised.rule} is no longer there")
    entries = dampings_of(raised, params, now=now, new_id=lambda: new_id(now), lasts=lasts)
    past = raises.of_rule(conn, raised.rule, [raised.device], since=now - TRIED_ON)
    return Proposal(raised, entries, replay(entries, past, directory.zone_of(raised.device)))


def begin(
    conn: Connection,
    proposal: Proposal,
    *,
    confirmed: Collection[str],
    who: Actor,
    directory: Directory,
    now: datetime,
) -> None:
    """It takes effect; `confirmed` are the incidents that were shown as lost.

    Raises:
        Conflict: others would be lost by now than were shown.
    """
    lost = {each.incident for each in proposal.replayed.lost}
    if lost != set(confirmed):
        raise Conflict(
            f"{len(lost)} incidents would have been lost, {len(set(confirmed))} were confirmed",
            mend="look again at what would be lost",
        )
    raised = proposal.raised
    place = directory.visibility(raised.device)
    dampings.add(conn, proposal.entries, incident=raised.incident, who=who.name, place=place, now=now)
    audit.add(
        conn,
        at=now,
        who=who,
        action="damping.begin",
        noun="damping",
        subject=raised.incident,
        area=place.area,
        detail={
            "rule": raised.rule,
            "device": raised.device,
            "expires_at": format_instant(proposal.entries[0].expires_at),
            "entries": [each.id for each in proposal.entries],
            "lost": sorted(lost),
        },
    )
