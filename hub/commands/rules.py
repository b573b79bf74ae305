"""`hub rules try`: what a rule would have raised, over the readings that are stored; as text, JSON or a picture."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import yaml

from config.apply import read_registry
from config.directory import directory
from config.secret_file import load_secret
from config.settings import Settings
from config.trial import LEAD, Asked, try_rule
from hub.chart import chart
from hub.commands import _house
from ingest.duration import format_duration, parse_duration
from ingest.errors import DataInUse, InvalidInput
from ingest.instant import format_instant, parse_instant

HELP = "try rules over stored readings: what they would have raised"

Json = Mapping[str, object]


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    tried = actions.add_parser(
        "try", help="run rules over stored readings; nothing is raised, stored or told"
    )
    tried.add_argument(
        "--rule", action="append", default=[], metavar="ID", help="a rule of the registry; may be given again"
    )
    tried.add_argument(
        "--file",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="YAML with the keys of one rule",
    )
    tried.add_argument(
        "--device", action="append", default=[], metavar="ID", help="only this target; may be given again"
    )
    tried.add_argument("--since", default="1d", metavar="WHEN", help="RFC 3339, or so long ago (default 1d)")
    tried.add_argument("--until", metavar="WHEN", help="RFC 3339, or so long ago; default: now")
    tried.add_argument(
        "--lead",
        default=format_duration(LEAD),
        metavar="LENGTH",
        help="the rule learns for so long before (default 1d)",
    )
    tried.add_argument("--json", action="store_true", help="the whole answer, one JSON line for each rule")
    tried.add_argument("--svg", type=Path, metavar="FILE", help="a picture of the first device")
    _house.configure(tried)


def run(args: argparse.Namespace) -> int:
    """Try each rule and say what came of it."""
    settings = _house.settings_of(args)
    rules: list[object] = [*args.rule, *(_keys(each) for each in args.file)]
    if not rules:
        raise InvalidInput("no rule is named", where="rules try", mend="give --rule ID or --file FILE")
    now = _house.clock()
    body: dict[str, object] = {
        "devices": args.device,
        "since": format_instant(_when(args.since, now)),
        "until": format_instant(_when(args.until or "0s", now)),
        "lead": args.lead,
        "chart": args.svg is not None,
    }
    answers = _tried(settings, [{**body, "rule": each} for each in rules])
    for each in answers:
        print(json.dumps(each, ensure_ascii=False) if args.json else _text(each))
    if args.svg is not None:
        _draw(args.svg, answers, settings)
    return 0


def _keys(path: Path) -> object:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
        what = f"cannot be read ({type(wrong).__name__})"
        raise InvalidInput(what, where=str(path), mend="write the keys of one rule as YAML") from wrong
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise InvalidInput("not one rule", where=str(path), mend="write {id: …, kind: …}")
    return found


def _when(text: str, now: datetime) -> datetime:
    try:
        return now - parse_duration(text)
    except ValueError:
        return parse_instant(text)


def _tried(settings: Settings, bodies: Sequence[Json]) -> list[Json]:
    """By the running hub, or over the ledger itself."""
    try:
        with _house.ledger_of(settings) as ledger, ledger.read() as conn:
            registry = read_registry(conn)
            known = directory(registry, timezone=settings.timezone, now=_house.clock())
            return [
                try_rule(conn, _asked(each), registry=registry, directory=known, sees=lambda _device: True)
                for each in bodies
            ]
    except DataInUse:
        address = _house.running_at(settings.data)
        if address is None:
            raise
    with httpx.Client(base_url=f"{address}/api/v1", timeout=httpx.Timeout(90, connect=5)) as client:
        door = _house.RemoteDoor(client, load_secret(settings))
        return [door.post("/rules/try", each) for each in bodies]


def _asked(body: Json) -> Asked:
    lead = parse_duration(str(body["lead"]))
    return Asked(
        cast("str | Json", body["rule"]),
        tuple(cast("Sequence[str]", body["devices"])),
        parse_instant(str(body["since"])),
        parse_instant(str(body["until"])),
        lead if isinstance(lead, timedelta) else LEAD,
        bool(body["chart"]),
    )


def _text(answer: Json) -> str:
    rule = cast("Json", answer["rule"])
    lines = [f"{rule['id']} ({rule['kind']}), {answer['since']} to {answer['until']}"]
    for each in cast("Sequence[Json]", answer["devices"]):
        spells = cast("Sequence[Json]", each["would_raise"])
        lines.append(f"  {each['device']}: {each['readings']} readings, would have raised {len(spells)}")
        for spell in spells:
            end = spell["cleared_at"] or "not over"
            said = cast("Json", spell["explanation"])
            lines.append(f"    {spell['raised_at']} to {end}: {said['en']}")
    return "\n".join(lines)


def _draw(path: Path, answers: Sequence[Json], settings: Settings) -> None:
    devices = cast("Sequence[Json]", answers[0]["devices"])
    shown = next((str(each["device"]) for each in devices if each.get("points")), None)
    if shown is None:
        raise InvalidInput(
            "there are no readings to draw", where=str(path), mend="ask for another time or device"
        )
    try:
        path.write_text(chart(answers, shown, settings.zone), "utf-8")
    except OSError as wrong:
        what = f"cannot be written ({wrong.strerror})"
        raise InvalidInput(what, where=str(path), mend="name another with --svg") from wrong
