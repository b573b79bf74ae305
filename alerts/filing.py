"""Filing: photos into the file of a case; each with its event and its audit row, in the caller's transaction.

Whoever may act on a case may bring one; so may the keeper of its site while it is live, to show what was mended.
"""

from __future__ import annotations

from datetime import datetime

from alerts.act import may_act
from alerts.case import LIVE, Actor, Case
from alerts.directory import Directory
from alerts.ledger import attachments, audit, cases, journal
from alerts.ledger.engine import Connection
from alerts.sight import Sight
from ingest.errors import NotPermitted

KEEPER = "site-keeper"


def fileable(conn: Connection, sight: Sight, case: str, *, who: Actor, directory: Directory) -> Case:
    """The case, when `who` may bring a photo into its file: whoever may act on it as it stands, or keeps its site.

    Raises NotFound or NotPermitted.
    """
    found = cases.load(conn, sight, case)
    if _keeps(found, sight, who):
        return found
    workflow = directory.closed_loop(found.workflow, found.category)
    if workflow is None or not may_act(found, workflow, who):
        raise NotPermitted(f"{who.name} may do nothing in case {found.number} as it stands", where="photo")
    return found


def _keeps(case: Case, sight: Sight, who: Actor) -> bool:
    """Whether `who` is the keeper of the live case's site; a keeper's sight names the own sites."""
    own = sight.sites or frozenset()
    return who.role == KEEPER and case.state in LIVE and case.place.site in own


def attach(
    conn: Connection,
    sight: Sight,
    photo: attachments.Photo,
    *,
    who: Actor,
    directory: Directory,
    now: datetime,
) -> dict[str, object]:
    """A photo that lies in the store; answers it as the case shows it.

    The sealed history names it, with its sha256, from the first action that does; the audit trail at once.
    """
    case = fileable(conn, sight, photo.case, who=who, directory=directory)
    added = attachments.add(conn, photo, who=who, now=now)
    journal.case(conn, case.id, "case.changed", action="attach", who=who.name, place=case.place, now=now)
    detail = {"number": case.number, "attachment": photo.id, "phase": photo.phase, "sha256": photo.sha256}
    audit.add(
        conn,
        at=now,
        who=who,
        action="case.attach",
        noun="case",
        subject=case.id,
        area=case.place.area,
        detail=detail,
    )
    return added
