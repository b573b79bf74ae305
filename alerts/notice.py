"""Notice: one message that somebody is to get about incidents, and why.

A notice is a row of the ledger before it is anything else: it is decided in the transaction that gives the reason,
and each channel it goes to has a delivery of its own, which is tried until it is taken or given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from alerts.sight import Visibility
from detectors.signal import Severity
from ingest.text import Text

Why = Literal[
    "new-group",
    "new-incident",
    "worse",
    "repeat",
    "resolved",
    "acknowledgement-over",
    "first-told",
    "not-mended",
    "not-acknowledged",
    "room-empty",
    "test-alarm",
]
"""Why was I told:

new-group             the first incident of its group
new-incident          another incident joined the group
worse                 what was told of has become worse
repeat                still open after repeat_interval, and nobody acknowledged it
resolved              everything of the group is over
acknowledgement-over  who had acknowledged it did not bring it to an end in time
first-told            the keeper of the site is told before anybody else
not-mended            what the keeper of the site was told of was not mended in time
not-acknowledged      nobody acknowledged it; the next on duty is told
room-empty            no operator is connected; the next on duty is told
test-alarm            a test of the whole chain; nothing happened
"""

WHYS: tuple[Why, ...] = get_args(Why)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one addressee.

    Attributes:
        id: ULID; with the channel it is the message's id at every try.
        at: When it was decided.
        why: Word of Why.
        addressee: Who is to know: id of a unit, or name of a user.
        group: Key of the group it speaks for; empty for a test alarm.
        route: Id of the route that led here, or None.
        incidents: Ids of the incidents it speaks for, oldest first.
        open: How many of them are open.
        severity: The worst of them.
        place: Where it stands: who may see it in lists.
        title: One line: condition, site, how many; nothing about persons.
        channels: Ids of the channels it goes to; empty: shown in the room only.
    """

    id: str
    at: datetime
    why: Why
    addressee: str
    group: str
    route: str | None
    incidents: tuple[str, ...]
    open: int
    severity: Severity
    place: Visibility
    title: Text
    channels: tuple[str, ...] = ()
