"""Check: reads a ledger and lists everything that must never be: gaps, doubles, lost events, broken chains.

For `hub audit verify` and for tests after a crash. It only reads, and says nothing when all is well. Rows are
compared in SQL; only the chains are walked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.engine import Connection

from alerts.ledger.checks import audit_rows, case_rows, duty_rows, incident_rows, log, sending, shift_rows
from alerts.ledger.checks.violation import Violation

CHECKS: tuple[Callable[[Connection], Iterator[Violation]], ...] = (
    log.numbers,
    incident_rows.open_twice,
    incident_rows.without_case,
    incident_rows.states,
    incident_rows.marks,
    case_rows.live_twice,
    case_rows.numbers,
    log.announced,
    log.once,
    log.named,
    log.level,
    case_rows.chains,
    audit_rows.chain,
    shift_rows.chain,
    incident_rows.digests,
    sending.outbox_of_nothing,
    sending.outbox_missing,
    sending.notices_of_nothing,
    sending.deliveries_fit,
    duty_rows.told_once,
    duty_rows.claimed,
)


def violations(conn: Connection) -> list[Violation]:
    """Every violation, in a fixed order; empty for a sound ledger."""
    return [each for check in CHECKS for each in check(conn)]
