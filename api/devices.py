"""Devices: a registry entry and its present state as one answer."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.directory import DeviceEntry
from api.hub import Hub, Json
from api.rights import Principal
from ingest.errors import NotFound

UNKNOWN: Mapping[str, object] = {"state": "unknown", "reason": "never-seen", "since": None, "last_seen": None}
"""A device nothing has been heard of since it was registered."""


def seen(hub: Hub, who: Principal, device: str) -> DeviceEntry:
    """The device, when this reader may see it; raises NotFound."""
    directory = hub.directory()
    entry = directory.devices.get(device)
    if entry is None or not who.sight.sees("device", directory.visibility(device)):
        raise NotFound(f"no device {device!r}")
    return entry


def camera_seen(hub: Hub, who: Principal, device: str) -> DeviceEntry:
    """The camera, when this reader may see it; raises NotFound."""
    entry = seen(hub, who, device)
    if entry.kind != "camera":
        raise NotFound(f"no camera {device!r}")
    return entry


def describe(hub: Hub, entry: DeviceEntry, states: Mapping[str, Json] | None = None) -> dict[str, object]:
    """A Device as the contract writes it; state and rates are `serve`'s own judgement.

    `states` is hub.device_states() for whoever describes many: each asking copies those of the whole county.
    """
    known = hub.device_states() if states is None else states
    site = hub.directory().sites.get(entry.site)
    measures: dict[str, object] = {}
    if entry.kind in {"sensor", "gateway"}:
        due = entry.calibration_due
        measures = {
            "probe": entry.probe,
            "offsets": dict(entry.offsets),
            "calibration_due": None if due is None else due.isoformat(),
        }
    return {
        "id": entry.id,
        "kind": entry.kind,
        "site": entry.site,
        "area": site.area if site else None,
        "name": entry.name.as_dict(),
        **measures,
        **UNKNOWN,
        **known.get(entry.id, {}),
    }
