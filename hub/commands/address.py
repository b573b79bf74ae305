"""`hub address`: the address that a device without MQTT pushes its payload to."""

from __future__ import annotations

import argparse

from api.push_token import push_path
from config.load import parse
from config.nouns.device import Gateway, Sensor
from config.secret_file import load_secret
from hub.commands import _house
from ingest.errors import InvalidInput
from ingest.pushed import topic_of

HELP = "print the address that a device without MQTT pushes to over HTTP"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument("device", metavar="DEVICE", help="a sensor whose topic is push/DEVICE")
    parser.epilog = "Whoever has the address can send readings of this device, and nothing else."
    _house.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Print it, after a look whether the registry takes pushes of this device."""
    settings = _house.settings_of(args)
    with _house.registry_of(settings) as registry:
        text = registry.export(who=_house.WHO)
    wanted = topic_of(args.device)
    known = {each.id: each for each in parse(text, "export").registry.devices}
    device = known.get(args.device)
    if not isinstance(device, Sensor | Gateway) or device.topic != wanted:
        raise InvalidInput(
            "no device of the registry takes pushes under this name",
            where=args.device,
            mend=f"give the device `topic: {wanted}`",
        )
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    print(base.rstrip("/") + push_path(load_secret(settings), args.device))
    return 0
