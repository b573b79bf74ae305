"""`hub check`: whether a hub could work here, before it is started and whenever something is odd."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from alerts.ledger.engine import Ledger
from config.advice import advice
from config.apply import read_stored
from config.entries import registry_of
from config.nouns.device import Camera
from config.registry import Registry
from config.secret_file import load_secret
from config.secrets import SecretBox
from config.settings import Settings, add_flags, load_settings, unknown_variables
from detectors.model import list_models
from hub.commands import _broker
from hub.commands._house import clock, running_at
from hub.commands.audit import existing
from ingest.errors import HubError, NotFound

HELP = "check settings, data, registry, models, broker and ports"

LOW_DISK = 2_000_000_000
"""Bytes free below which evidence will soon not fit."""


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the answer."""

    level: Literal["ok", "warning", "error"]
    about: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        """`warning: ports: what; mend`."""
        return f"{self.level}: {self.about}: {self.what}" + (f"; {self.mend}" if self.mend else "")


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    add_flags(parser, ("data", "database_url", "broker_url", "host", "port", "models"))
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.epilog = (
        "Prints a line for each part. Exit code 0: a hub can start; 1: there are errors. Nothing is changed, "
        "except that a broker given by --broker-url is sent small messages under hub/internal/v1/check/."
    )


def run(args: argparse.Namespace) -> int:
    """Check everything; one part that fails does not hide the next."""
    settings = load_settings(vars(args), os.environ)
    found: list[Found] = []
    parts: tuple[tuple[str, Callable[[Settings], Iterable[Found]]], ...] = (
        ("settings", _settings),
        ("data", _data),
        ("registry", _registry),
        ("models", _models),
        ("broker", _broker_found),
        ("ports", _ports),
    )
    for about, part in parts:
        try:
            lines = list(part(settings))
        except HubError as wrong:
            lines = [Found("error", about, str(wrong))]
        for each in lines:
            print(each)
        found.extend(lines)
    errors = sum(each.level == "error" for each in found)
    warnings = sum(each.level == "warning" for each in found)
    print(f"{errors} errors, {warnings} warnings")
    return 1 if errors or (args.strict and warnings) else 0


def _settings(settings: Settings) -> Iterator[Found]:
    for name, near in unknown_variables(os.environ).items():
        yield Found(
            "warning", "settings", f"{name} is no setting", f"did you mean {near}?" if near else "unset it"
        )
    if not _loopback(settings.host):
        if settings.guest:
            what = "anyone who reaches this address sees everything without a password"
            yield Found("error", "settings", what, "take guest out, or listen on 127.0.0.1")
        what = f"listens on {settings.host} without TLS"
        yield Found("warning", "settings", what, "put a reverse proxy with TLS before it")
    yield Found(
        "ok", "settings", f"data {settings.data}, time zone {settings.timezone}, {settings.workers} workers"
    )


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _data(settings: Settings) -> Iterator[Found]:
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Found(
            "error", "data", f"{folder} cannot be written", "change its owner, or name another with --data"
        )
        return
    free = shutil.disk_usage(folder).free
    level: Literal["ok", "warning"] = "warning" if free < LOW_DISK else "ok"
    mend = "make room: evidence needs it" if level == "warning" else ""
    yield Found(level, "data", f"{free / 1e9:.1f} GB free at {folder}", mend)


def _registry(settings: Settings) -> Iterator[Found]:
    try:
        registry = stored_registry(settings)
    except NotFound:
        yield Found("warning", "registry", "there is none yet", "hub apply FILE")
        return
    usable = {
        each.id: frozenset(each.manifest.classes)
        for each in list_models(settings.models)
        if each.state == "ok" and each.manifest is not None
    }
    for each in advice(registry, usable, today=clock().date()):
        yield Found("warning", each.about, each.what, each.mend)
    sizes = ", ".join(
        f"{len(getattr(registry, name))} {name}" for name in ("areas", "sites", "devices", "rules")
    )
    yield Found("ok", "registry", sizes)


def stored_registry(settings: Settings) -> Registry:
    """The registry of the ledger; NotFound when there is none. Its secrets are opened once, to see that they can be."""
    ledger = Ledger(existing(settings), clock=clock)
    try:
        with ledger.read() as conn:
            stored = read_stored(conn)
    finally:
        ledger.close()
    sealed = [value for each in stored if each.noun != "user" for value in each.secrets.values()]
    if sealed:
        SecretBox(load_secret(settings)).open(sealed[0])
    return registry_of(stored)


def _models(settings: Settings) -> Iterator[Found]:
    try:
        used = {each.model for each in stored_registry(settings).devices if isinstance(each, Camera)}
    except NotFound:
        used = set()
    models = list_models(settings.models)
    for each in models:
        if each.state == "ok":
            yield Found("ok", "models", f"{each.id} is whole")
        else:
            yield Found("error" if each.id in used else "warning", "models", f"{each.id}: {each.reason}")
    for name in sorted(each for each in used if each and each not in {model.id for model in models}):
        yield Found(
            "error", "models", f"a camera names {name!r}, and there is none", f"put it into {settings.models}"
        )
    if not models:
        yield Found("warning", "models", f"there is none in {settings.models}", "make setup")


def _broker_found(settings: Settings) -> Iterator[Found]:
    if settings.broker_url:
        for level, what, mend in _broker.limits(settings.broker_url):
            yield Found(level, "broker", what, mend)
    elif shutil.which("mosquitto") or os.access("/usr/sbin/mosquitto", os.X_OK):
        yield Found("ok", "broker", "the hub starts its own mosquitto")
    else:
        yield Found("error", "broker", "mosquitto is not installed", "make setup, or give --broker-url")


def _ports(settings: Settings) -> Iterator[Found]:
    running = running_at(settings.data)
    if running is not None:
        yield Found("ok", "ports", f"a hub runs at {running}")
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as wrong:
            what = f"port {settings.port} on {settings.host} cannot be taken ({wrong.strerror})"
            yield Found("error", "ports", what, "end the program that has it, or choose another with --port")
            return
    yield Found("ok", "ports", f"{settings.host}:{settings.port} is free")
