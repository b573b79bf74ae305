"""Devices: the last known state of each device; an event only when state or reason really changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from alerts.directory import DeviceEntry
from alerts.ledger import events
from alerts.ledger.tables import device_states
from alerts.ledger.upsert import put
from alerts.sight import Visibility
from ingest.instant import format_instant

DeviceState = Literal["online", "offline", "stale", "degraded", "unknown"]


_STORED = select(device_states).where(device_states.c.device == bindparam("key"))
_SEEN = (
    update(device_states)
    .where(device_states.c.device == bindparam("key"))
    .values({device_states.c.last_seen: bindparam("at")})
)
_COUNTED = (
    update(device_states)
    .where(device_states.c.device == bindparam("key"))
    .values({device_states.c.counters: bindparam("now")})
)


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the ledger knows of a device.

    Attributes:
        state: online, offline, stale, degraded or unknown.
        reason: Short slug, empty when online.
        since: When this state and reason began (UTC).
        last_seen: When it was last heard of (UTC), or None.
        counters: Its counters since the ledger began, such as received, decoded, analysed, dropped.
    """

    state: DeviceState
    reason: str
    since: datetime
    last_seen: datetime | None
    counters: Mapping[str, int]


def all_states(conn: Connection) -> dict[str, StoredState]:
    """Every device that ever had a state, by id."""
    return {
        row.device: StoredState(
            cast("DeviceState", row.state), row.reason, row.since, row.last_seen, row.counters
        )
        for row in conn.execute(select(device_states).order_by(device_states.c.device))
    }


def put_state(
    conn: Connection,
    device: DeviceEntry,
    *,
    state: DeviceState,
    reason: str,
    last_seen: datetime | None,
    now: datetime,
    place: Visibility,
    extra: Mapping[str, object] | None = None,
) -> bool:
    """Writes the state; True and a `device.changed` event only when state or reason changed.

    `extra` joins the event's Device (a camera's fps, gate, sampling). `since` is `now` on a change.
    """
    before = conn.execute(_STORED, {"key": device.id}).one_or_none()
    changed = before is None or (before.state, before.reason) != (state, reason)
    if before is not None and not changed:
        if last_seen is not None and (before.last_seen is None or last_seen > before.last_seen):
            put_seen(conn, {device.id: last_seen})
        return False
    seen = last_seen if last_seen is not None or before is None else before.last_seen
    put(
        conn,
        device_states,
        {
            "device": device.id,
            "state": state,
            "reason": reason,
            "since": now,
            "last_seen": seen,
            "counters": {} if before is None else before.counters,
        },
    )
    data = {
        **device_dict(device, StoredState(state, reason, now, seen, {})),
        **(extra or {}),
    }
    events.append(conn, "device.changed", now, data, place)
    return True


def put_seen(conn: Connection, seen: Mapping[str, datetime]) -> None:
    """When devices were last heard of, of those that have a state."""
    if seen:
        conn.execute(_SEEN, [{"key": device, "at": at} for device, at in seen.items()])


def device_dict(device: DeviceEntry, state: StoredState) -> dict[str, object]:
    """A Device as the contract shapes it, without what only a running camera knows."""
    return {
        "id": device.id,
        "kind": device.kind,
        "site": device.site,
        "name": device.name.as_dict(),
        "state": state.state,
        "reason": state.reason,
        "since": format_instant(state.since),
        "last_seen": format_instant(state.last_seen),
    }


def put_counters(conn: Connection, counters: Mapping[str, Mapping[str, int]]) -> None:
    """The counters so far of devices that have a state (the caller adds up over restarts of their worker)."""
    if counters:
        conn.execute(_COUNTED, [{"key": device, "now": dict(each)} for device, each in counters.items()])
