"""Channel: one way to tell somebody outside the hub; its kind is a file of the shelf alerts/channels."""

from __future__ import annotations

from collections.abc import Mapping

from alerts import shelf
from alerts.channel import ChannelParams

CHANNEL_KINDS: Mapping[str, type[ChannelParams]] = {
    kind: module.Params for kind, module in shelf.kinds().items()
}
"""The parameters of each kind; read when this file is: a broken file on the shelf stops start-up."""
