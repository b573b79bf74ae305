"""`hub models`: what can look, and whether it is whole."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from config.settings import Settings, add_flags, load_settings
from detectors.detector import try_model
from detectors.model import UNUSED, Health, check_model, list_models, load_manifest, model_folders
from ingest.errors import InvalidModel, NotFound

HELP = "list, check or fetch the models that look at pictures"

FETCH = Path(__file__).parents[2] / "scripts" / "fetch_models.py"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the models with their state")
    check = actions.add_parser(
        "check", help="check weights against their digests and try each model once; exit 1 when one fails"
    )
    check.add_argument("name", metavar="NAME", nargs="?", help="one model; default: all")
    pull = actions.add_parser("pull", help="fetch or build the weights of a model that this project knows")
    pull.add_argument("name", metavar="NAME", help="such as coco-ssd")
    for each in (listing, check, pull):
        add_flags(each, ("models",))


def run(args: argparse.Namespace) -> int:
    """List, check or fetch."""
    settings = load_settings(vars(args), os.environ)
    if args.action == "pull":
        return _pull(settings, args.name)
    named = getattr(args, "name", None)
    if args.action == "check":
        folders = (_folder(settings, named),) if named else model_folders(settings.models)
        found = tuple(try_model(each) for each in folders)
    else:
        found = list_models(settings.models)
    if not found:
        raise NotFound(
            f"there is no model in {settings.models}", mend="run `make setup`, or name another folder"
        )
    for each in found:
        print(_line(each))
    return 1 if args.action == "check" and any(each.state != "ok" for each in found) else 0


def _folder(settings: Settings, name: str) -> Path:
    folder = settings.models / name
    if not folder.is_dir() or "/" in name:
        known = ", ".join(each.id for each in list_models(settings.models)) or "none"
        raise NotFound(f"there is no model {name!r}", where=str(settings.models), mend=f"there: {known}")
    return folder


def _line(model: Health) -> str:
    if model.state != "ok" or model.manifest is None:
        return f"{model.id}\tfailed\t{model.reason}"
    manifest = model.manifest
    size = f"{manifest.input.width}x{manifest.input.height}"
    classes = sum(each != UNUSED for each in manifest.classes)
    return f"{model.id}\tok\t{manifest.head} {size}, {classes} classes, {manifest.licence}"


def _pull(settings: Settings, name: str) -> int:
    """Run the project's own set-up step for this model; it knows where the weights come from."""
    health = check_model(_folder(settings, name))
    if health.state == "ok":
        print(_line(health))
        return 0
    load_manifest(settings.models / name)  # a broken manifest is told before anything is fetched
    done = subprocess.run([sys.executable, str(FETCH)], check=False, cwd=FETCH.parents[1], timeout=900)
    health = check_model(_folder(settings, name))
    if done.returncode != 0 or health.state != "ok":
        reason = (health.reason or "").partition("; ")[0]
        raise InvalidModel(
            f"the weights could not be fetched ({reason})" if reason else "the weights could not be fetched",
            where=str(settings.models / name),
            mend="the lines above say why; weights of your own are copied there by hand, with their sha256",
        )
    print(_line(health))
    return 0
