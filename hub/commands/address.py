"""`hub address`: the address that a device without MQTT pushes its payload to; shown, or made anew."""

from __future__ import annotations

import argparse

import httpx

from alerts.case import Actor
from alerts.ledger import audit, push_codes
from alerts.ledger.engine import Connection
from api.push_token import push_path
from api.routers.push_addresses import check_pushes
from config.secret_file import load_secret
from config.settings import Settings
from hub.commands import _house
from ingest.errors import DataInUse

HELP = "print the address that a device without MQTT pushes to over HTTP, or make a new one"

COMMIT = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument("device", metavar="DEVICE", help="a sensor whose topic is push/DEVICE")
    parser.add_argument("--renew", action="store_true", help="make a new one; the one before ends at once")
    parser.epilog = "Whoever has the address can send readings of this device, and nothing else."
    _house.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Print it, after a look whether the registry takes pushes of this device."""
    settings = _house.settings_of(args)
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    print(base.rstrip("/") + _path(settings, args.device, renew=args.renew))
    return 0


def _path(settings: Settings, device: str, *, renew: bool) -> str:
    """By the running hub, or from the ledger itself."""

    def act(tx: Connection) -> int:
        check_pushes(tx, device)
        now = _house.clock()
        found = push_codes.next_generation(tx, device, now) if renew else push_codes.generation(tx, device)
        audit.add(
            tx,
            at=now,
            who=Actor(_house.WHO, "administrator"),
            action="push.renew" if renew else "push.show",
            noun="push",
            subject=device,
            detail={"generation": found},
        )
        return found

    try:
        with _house.ledger_of(settings) as ledger:
            return push_path(load_secret(settings), device, ledger.write(act).result(COMMIT))
    except DataInUse:
        address = _house.running_at(settings.data)
        if address is None:
            raise
    with httpx.Client(base_url=f"{address}/api/v1", timeout=httpx.Timeout(90, connect=5)) as client:
        door = _house.RemoteDoor(client, load_secret(settings))
        return str(door.json("POST" if renew else "GET", f"/devices/{device}/push")["path"])
