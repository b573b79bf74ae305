"""`hub teach`: a condition of one region, taught with examples; its figures, versions and way to other sites."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from pathlib import Path

from config.catalogue import conditions
from config.settings import add_flags, load_settings
from detectors.teach import bundle
from detectors.teach.card import Card, read_card
from detectors.teach.example import LEAST
from detectors.teach.folder import Gathered, read_folders, read_list, read_picture
from detectors.teach.folds import GAP
from detectors.teach.naming import check_condition
from detectors.teach.region import Region, parse_region
from detectors.teach.taught import TaughtCondition
from detectors.teach.train import PRECISION
from detectors.teach.versions import next_number, rollback, versions
from hub.learn import Wanted, learn
from ingest.duration import parse_duration
from ingest.errors import InvalidInput

HELP = "teach a condition with examples of one region, and use what was taught"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    train = actions.add_parser(
        "train", help="learn from examples; becomes the next version, and the current one"
    )
    train.add_argument("--condition", required=True, metavar="ID", help="word of the catalogue, or a new one")
    train.add_argument(
        "--yes", type=Path, metavar="DIR", help="pictures in which it holds; see docs/models.md"
    )
    train.add_argument("--no", type=Path, metavar="DIR", help="pictures in which it does not hold")
    train.add_argument("--examples", type=Path, metavar="FILE", help="a list in JSON instead of two folders")
    train.add_argument("--out", type=Path, required=True, metavar="MODELDIR", help="folder of this condition")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="of chance (default 0)")
    train.add_argument(
        "--region",
        default="picture",
        metavar="WHERE",
        help="left,top,width,height in 0..1 to cut out of each picture; upper-body: pictures are upper bodies; "
        "default: pictures are cut already",
    )
    train.add_argument(
        "--precision",
        type=float,
        default=PRECISION,
        metavar="P",
        help=f"of the threshold (default {PRECISION:g})",
    )
    train.add_argument(
        "--gap",
        default=f"{GAP:g}s",
        metavar="LENGTH",
        help=f"between what is learned and what is tested (default {GAP:g}s)",
    )
    train.add_argument("--by", metavar="NAME", help="who teaches (default: the user of this machine)")
    add_flags(train, ("models",))
    score = actions.add_parser("score", help="a JSON line {file, p} for each picture")
    drift = actions.add_parser(
        "drift", help="whether recent pictures still look as they did; exit 1 when not"
    )
    for each in (score, drift):
        each.add_argument("home", type=Path, metavar="MODELDIR", help="folder of a condition or of a version")
        each.add_argument("files", type=Path, nargs="+", metavar="FILE", help="pictures as they were taught")
    listing = actions.add_parser("list", help="versions with their figures")
    back = actions.add_parser("rollback", help="let an earlier version count")
    for each in (listing, back):
        each.add_argument("home", type=Path, metavar="MODELDIR", help="folder of a condition")
    back.add_argument(
        "--to", type=int, metavar="N", help="which version (default: the one before the current)"
    )
    out = actions.add_parser("export", help="write the current version as one file, for another site")
    out.add_argument("home", type=Path, metavar="MODELDIR", help="folder of a condition or of a version")
    out.add_argument("file", type=Path, metavar="FILE", help="such as bins.zip")
    into = actions.add_parser("import", help="make a version of another site the current one here")
    into.add_argument("file", type=Path, metavar="FILE", help="what export wrote")
    into.add_argument("home", type=Path, metavar="MODELDIR", help="folder of this condition")


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    if args.action == "train":
        return _train(args)
    if args.action == "score":
        return _score(args.home, args.files)
    if args.action == "drift":
        return _drift(args.home, args.files)
    if args.action == "list":
        return _list(args.home)
    if args.action == "rollback":
        chosen = rollback(args.home, args.to)
        print(f"{chosen.folder.name} is current")
        return 0
    if args.action == "export":
        print(bundle.export(args.home, args.file))
        return 0
    folder = bundle.bring_in(args.file, args.home)
    print(
        f"{folder.name} is current; taught elsewhere, so try it on pictures of this site before relying on it"
    )
    return 0


def _train(args: argparse.Namespace) -> int:
    begun = time.monotonic()
    region = parse_region(args.region)
    gap = _gap(args.gap)
    check_condition(args.condition)
    if not 0 < args.precision < 1:
        raise InvalidInput(f"{args.precision:g} is no precision", where="--precision", mend="write 0.9")
    next_number(args.out, args.condition)  # a folder of another condition is told before anything is read
    gathered = _gathered(args, region)
    yes = sum(each.holds for each in gathered.examples)
    known = conditions().get(args.condition)
    _say(
        f"condition   {args.condition}: {known.name.zh} / {known.name.en}" if known else _new(args.condition)
    )
    _say(f"examples    {yes} yes, {len(gathered.examples) - yes} no" + _doubled(gathered))
    settings = load_settings(vars(args), os.environ)
    wanted = Wanted(
        condition=args.condition,
        region=region,
        home=args.out,
        models=settings.models,
        by=args.by or _user(),
        seed=args.seed,
        precision=args.precision,
        gap=gap,
    )
    folder, card = learn(wanted, gathered.examples, say=_step)
    for line in _figures(card):
        _say(line)
    _say(f"took        {time.monotonic() - begun:.1f} s; {folder} is current")
    return 0


def _gathered(args: argparse.Namespace, region: Region) -> Gathered:
    if args.examples is not None and args.yes is None and args.no is None:
        return read_list(args.examples, region)
    if args.examples is not None or args.yes is None or args.no is None:
        raise InvalidInput(
            "the examples are not named",
            where="teach train",
            mend=f"give --yes DIR and --no DIR with {LEAST} pictures each or more, or --examples FILE",
        )
    return read_folders(args.yes, args.no, region)


def _gap(text: str) -> float:
    try:
        return parse_duration(text).total_seconds()
    except ValueError as wrong:
        raise InvalidInput(f"{text!r} is no length of time", where="--gap", mend="write 10s") from wrong


def _figures(card: Card) -> list[str]:
    """For a newcomer: what it comes to, in words."""
    found = card.figures
    apart = f"{found.gap:g} s apart" if found.gap else "times not used"
    seen = f"finds {found.found:.0%} of what holds, leaves {found.left_alone:.0%} of the rest alone"
    lines = [
        f"accuracy    {found.balanced_accuracy:.3f} balanced ({found.folds} parts, {apart}): {seen}",
        f"calibration {found.calibration_error:.3f} error (ECE): by so much probabilities are off on average",
    ]
    precision = "nothing is above it" if found.precision is None else f"precision {found.precision:.2f}"
    wanted = f"{found.precision_wanted:g} wanted" + ("" if found.precision_reached else ", not reached")
    lines.append(
        f"threshold   {card.threshold:.3f}: {precision} ({wanted}), finds {found.recall:.0%} of what holds"
    )
    if card.usual is not None:
        lines.append(
            f"drift       {card.usual.warned} of {card.usual.judged} looks at the examples would have warned"
        )
    truth = {each.name: each for each in card.examples}
    for name in card.worst:
        each = truth[name]
        lines.append(f"mistake     {name}: p {each.p:.2f}, was said to be {'yes' if each.holds else 'no'}")
    lines += [f"mind        {each}" for each in card.doubts]
    return lines


def _score(home: Path, files: list[Path]) -> int:
    taught = TaughtCondition.load(home)
    for begin in range(0, len(files), 8):
        some = files[begin : begin + 8]
        crops = [taught.region.cut(read_picture(each)[0]) for each in some]
        for file, p in zip(some, taught.score(crops), strict=True):
            print(json.dumps({"file": str(file), "p": round(float(p), 6)}, ensure_ascii=False))
    return 0


def _drift(home: Path, files: list[Path]) -> int:
    taught = TaughtCondition.load(home)
    change = taught.drift([taught.region.cut(read_picture(each)[0]) for each in files])
    if change is None:
        raise InvalidInput("upper bodies have no fixed place", where=str(home), mend="ask of a region")
    print(
        json.dumps(
            {
                "warns": change.warns,
                "moved": change.moved,
                "shift": [round(each, 3) for each in change.shift],
                "likeness": round(change.likeness, 3),
                "drifted": list(change.drifted),
                "what": change.what.as_dict() if change.what else None,
            },
            ensure_ascii=False,
        )
    )
    return 1 if change.warns else 0


def _list(home: Path) -> int:
    for each in versions(home):
        card = read_card(each.folder)
        yes = sum(example.holds for example in card.examples)
        print(
            f"{each.folder.name}\t{'current' if each.current else '-'}\t{card.taught_at:%Y-%m-%dT%H:%MZ}\t"
            f"{card.taught_by}\t{yes} yes, {len(card.examples) - yes} no\t"
            f"accuracy {card.figures.balanced_accuracy:.3f}\tthreshold {card.threshold:.3f}"
        )
    return 0


def _new(condition: str) -> str:
    return f"condition   {condition}: not in the catalogue, so a new one"


def _doubled(gathered: Gathered) -> str:
    return (
        f"; {gathered.doubled} files left out, the same bytes are there already" if gathered.doubled else ""
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _say(line: str) -> None:
    print(line, flush=True)


def _step(line: str) -> None:
    """Progress: beside what is told, so that that can be kept."""
    print(f"            {line} …", file=sys.stderr, flush=True)
