"""mapped: no convention at all: the registry says where in the device's messages each quantity is found.

`mapping:` of the device holds one JMESPath expression for each quantity (`ingest/mapped.py`). Several devices may
share a topic: each takes what its own mapping finds, and is named by its registry id.
"""

from __future__ import annotations

from datetime import tzinfo

from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described, Observation

FILTERS: tuple[str, ...] = ()
MANY = True


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:
    """What every device that is mapped on this topic reads in the message; one's failure is not the others'."""
    found: list[Observation] = []
    refused: list[MalformedPayload] = []
    devices = () if described.mapped is None else described.mapped.on(message.topic)
    for each in devices:
        try:
            one, wrong = each.read(message.payload, zone)
        except MalformedPayload as failed:
            refused.append(failed)
            continue
        found += one
        refused += wrong
    if not found and refused:
        raise refused[0]
    if not devices:
        raise MalformedPayload("no device is mapped on this topic", reason="not-mapped")
    return Decoded(tuple(found), refused=tuple(refused))
