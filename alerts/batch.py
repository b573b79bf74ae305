"""Batch: many signals as one act: read in two statements, folded in memory, written when it is over.

The result is what applying one after the other gives. What many signals have in common costs once: the marks of
their sources, the open incidents of their places, and the renewals, of which only the last of each incident is
written. Whatever a reader would notice is written at once, in its turn, so that the log says it in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.directory import Directory
from alerts.ids import new_id
from alerts.incident import Fold, Incident, antedate, fold, release
from alerts.ledger import evidence, incidents, journal
from alerts.ledger import signals as marks
from alerts.ledger.engine import Connection
from alerts.ledger.incident_rows import Stored
from alerts.ledger.signals import Key, key_of
from alerts.mark import Judged, Level, Mark, Verdict, judge
from alerts.meeting import correlate, raise_incident
from alerts.raising import damped, keep, raise_alone, worsen_case
from detectors.signal import Signal

Spot = tuple[str, str]
"""(place, condition): what has at most one open incident."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One signal and who keeps its evidence.

    Attributes:
        signal: What was said.
        origin: The worker that said it, `serve`, or `platform:<name>`.
    """

    signal: Signal
    origin: str


class Batch:
    """One act, inside the caller's transaction; close() it."""

    def __init__(
        self, conn: Connection, heard: Sequence[Heard], *, directory: Directory, now: datetime
    ) -> None:
        self.written: list[int] = []
        self._conn = conn
        self._directory = directory
        self._now = now
        self._marks: dict[Key, Mark] = marks.load(conn, {key_of(each.signal) for each in heard})
        self._marked: dict[Key, Mark] = {}  # with new levels
        self._moved: dict[Key, Mark] = {}  # heard again
        # read already, None where nothing is open; what is not in it is read when it is needed
        self._open: dict[Spot, Stored | None] = {_spot(each.signal): None for each in heard}
        for stored in incidents.open_in(conn, self._open):
            self._open[stored.incident.place, stored.incident.condition] = stored
        self._unsaved: dict[Spot, Incident] = {}
        self._renewed: dict[Spot, Incident] = {}
        seen = {_spot(each.signal) for each in heard if each.signal.evidence_ref is not None}
        found = [self._open[each] for each in seen]
        self._expected = evidence.expected(conn, [each.incident.id for each in found if each is not None])
        together = directory.together
        self._words = {word for rule in together for word in rule.words} | {
            rule.condition for rule in together
        }

    def take(self, heard: Heard) -> Verdict:
        """Apply one signal; the answer says what it was to its source."""
        signal = heard.signal
        key = key_of(signal)
        before = self._marks.get(key)
        judged = judge(before, signal)
        if judged.mark is not None:
            self._marks[key] = judged.mark
            same = before is not None and judged.mark.levels is before.levels and key not in self._marked
            (self._moved if same else self._marked)[key] = judged.mark
        if judged.verdict == "fresh":
            self._fold(signal, heard.origin)
        elif judged.verdict == "missed":
            self._missed(signal, judged, heard.origin)
        elif judged.verdict == "joins":
            self._joins(signal, judged)
        elif judged.verdict == "ended":
            self._ended(signal)
        return judged.verdict

    def close(self) -> tuple[int, ...]:
        """Write what is only in memory yet; answers the seqs of all events."""
        self._save()
        met: set[tuple[str, str]] = set()
        for incident in self._renewed.values():
            self.written += correlate(self._conn, incident, self._directory, self._now, met=met)
        self._renewed.clear()
        marks.move(self._conn, self._moved)
        marks.save(self._conn, self._marked)
        return tuple(self.written)

    # -- one signal ------------------------------------------------------------------------------------------

    def _fold(self, signal: Signal, origin: str) -> None:
        before = self._at(signal)
        if before is None:
            if signal.state == "active":
                self._raise(signal, origin)
            return
        self._expect(before.incident.id, signal, origin)
        self._settle(signal, before, fold(before.incident, signal, now=self._now, new_id=""))

    def _settle(self, signal: Signal, before: Stored, done: Fold) -> None:
        if done.incident is None or done.change == "none":
            return
        if done.change == "renewed":
            self._renew(signal, before, done.incident)
        else:
            self._change(before, done, done.incident)

    def _renew(self, signal: Signal, before: Stored, after: Incident) -> None:
        spot = _spot(signal)
        if after.raised_at != before.incident.raised_at:
            incidents.save(self._conn, after)
        else:
            self._unsaved[spot] = after
        self._remember(before, after)
        if signal.condition in self._words:
            self._renewed[spot] = after

    def _raise(self, signal: Signal, origin: str) -> None:
        incident = fold(None, signal, now=self._now, new_id=new_id(self._now)).incident
        if incident is None:
            return
        self._meet_ledger(incident.condition)
        incident = damped(self._conn, incident)
        self.written += raise_incident(self._conn, incident, self._directory, self._now)
        self._expect(incident.id, signal, origin)
        del self._open[_spot(signal)]  # its case, and what absorbed it, stand in the ledger
        self._met_ledger(incident.condition)

    def _change(self, before: Stored, done: Fold, after: Incident) -> None:
        """What a reader notices: written and announced now."""
        self._unsaved.pop((after.place, after.condition), None)
        self._meet_ledger(after.condition)
        self.written += keep(self._conn, done, self._now)
        worse = after.severity != before.incident.severity
        if worse and before.case is not None:
            self.written += worsen_case(self._conn, before.case, after, self._now)
        self.written += correlate(self._conn, after, self._directory, self._now)
        self._remember(before, after)
        self._met_ledger(after.condition)

    # -- what came late --------------------------------------------------------------------------------------

    def _missed(self, signal: Signal, judged: Judged, origin: str) -> None:
        """An excursion that was over before its beginning was heard."""
        until = judged.until
        if until is None:
            return
        ended = _level_as_signal(signal, until)
        before = self._at(signal)
        if until.state == "unknown" or (before is not None and before.incident.raised_at <= signal.at):
            self._fold(signal, origin)
            self._fold(ended, origin)
            return
        if incidents.covering(self._conn, signal.place, signal.condition, signal.at) is not None:
            return
        raised = fold(None, signal, now=self._now, new_id=new_id(self._now)).incident
        over = fold(raised, ended, now=self._now, new_id="").incident
        if over is None:
            return
        self.written += raise_alone(self._conn, over, self._directory, self._now)
        self._expect(over.id, signal, origin)
        self.written.append(journal.incident(self._conn, over.id, "incident.cleared", now=self._now))

    def _joins(self, signal: Signal, judged: Judged) -> None:
        """An excursion that is known already, though not from its beginning."""
        if judged.until is None:
            return
        before = self._at(signal)
        if before is not None and before.incident.raised_at <= judged.until.at:
            after = antedate(before.incident, signal)
            if after != before.incident:
                self._renew(signal, before, after)
            return
        over = incidents.covering(self._conn, signal.place, signal.condition, judged.until.at)
        if over is not None:
            done = Fold(antedate(over.incident, signal), "updated")
            if done.incident != over.incident:
                self.written += keep(self._conn, done, self._now)

    def _ended(self, signal: Signal) -> None:
        """The end of an excursion of which nothing is known since."""
        before = self._at(signal)
        if before is not None:
            key = (signal.rule, signal.device)
            self._settle(signal, before, release(before.incident, frozenset({key}), signal.at))

    # -- what is known in memory -----------------------------------------------------------------------------

    def _at(self, signal: Signal) -> Stored | None:
        spot = _spot(signal)
        if spot not in self._open:
            self._open[spot] = incidents.open_at(self._conn, *spot)
        return self._open[spot]

    def _remember(self, before: Stored, after: Incident) -> None:
        """As it would be read back."""
        kept = replace(before, incident=replace(after, touched_at=after.updated_at))
        self._open[after.place, after.condition] = kept if after.state == "open" else None

    def _meet_ledger(self, condition: str) -> None:
        """Together rules read and write the ledger: they must find there what is in memory."""
        if condition in self._words:
            self._save()

    def _met_ledger(self, condition: str) -> None:
        """They may have changed what is in memory."""
        if condition in self._words:
            self._open = {spot: each for spot, each in self._open.items() if spot[1] not in self._words}

    def _save(self) -> None:
        incidents.renew(self._conn, self._unsaved.values())
        self._unsaved.clear()

    def _expect(self, incident: str, signal: Signal, origin: str) -> None:
        """The first evidence of an incident counts."""
        if signal.evidence_ref is None or signal.state != "active" or incident in self._expected:
            return
        evidence.expect(self._conn, incident, ref=signal.evidence_ref, worker=origin, now=self._now)
        self._expected.add(incident)


def _spot(signal: Signal) -> Spot:
    return signal.place, signal.condition


def _level_as_signal(signal: Signal, level: Level) -> Signal:
    """The level that followed a signal, said by the same source."""
    return replace(
        signal,
        state=level.state,
        since=level.at,
        at=level.at,
        epoch=level.epoch,
        n=level.n,
        value=None,
        evidence_ref=None,
    )
