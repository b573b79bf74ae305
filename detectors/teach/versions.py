"""Versions: one folder holds every version of one taught condition, and a pointer to the one that counts.

    bins/current                  one line: bin-uncovered-v2
    bins/bin-uncovered-v1/        a model's folder as everywhere: manifest.yaml, labels.txt, the ONNX file;
    bins/bin-uncovered-v2/        and card.json, usual.png

A version is never changed once it is there. Going back is writing the pointer.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import yaml

from detectors.model import MANIFEST
from detectors.teach.card import CARD, Card, read_card
from detectors.teach.drift import Grey
from detectors.teach.naming import model_id
from detectors.teach.network import CROPS, SIZE
from ingest.errors import Conflict, InvalidModel, NotFound

TAUGHT = "taught"
"""The folder below the models' folder in which a hub looks for taught conditions."""
CURRENT = "current"
LABELS = "labels.txt"
USUAL = "usual.png"
_VERSION = re.compile(r"^(?P<condition>[a-z0-9][a-z0-9-]*)-v(?P<version>[1-9]\d{0,5})$")


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    Attributes:
        number: 1, 2, …
        condition: Its word.
        folder: Where it is.
        current: Whether it is the one that counts.
    """

    number: int
    condition: str
    folder: Path
    current: bool


def versions(home: Path) -> tuple[Version, ...]:
    """Every version in `home`, the oldest first; NotFound when there is none."""
    pointed = _pointed(home)
    found = []
    for path in home.iterdir() if home.is_dir() else ():
        named = _VERSION.match(path.name)
        if named and (path / MANIFEST).is_file():
            found.append(Version(int(named["version"]), named["condition"], path, path.name == pointed))
    if not found:
        raise NotFound("no condition was taught there", where=str(home), mend="see `hub teach train --help`")
    return tuple(sorted(found, key=lambda each: each.number))


def current(home: Path) -> Path:
    """The folder of the version that counts; `home` itself when it is a version's folder."""
    if (home / MANIFEST).is_file():
        return home
    there = versions(home)
    for each in there:
        if each.current:
            return each.folder
    raise NotFound(
        "no version of it is the current one",
        where=str(home / CURRENT),
        mend=f"choose one: hub teach rollback {home} --to {there[-1].number}",
    )


def next_number(home: Path, condition: str) -> int:
    """What the next version is called; Conflict when the folder holds another condition."""
    try:
        there = versions(home)
    except NotFound:
        return 1
    if there[0].condition != condition:
        raise Conflict(
            f"it holds versions of {there[0].condition!r}, not of {condition!r}",
            where=str(home),
            mend="give every condition a folder of its own",
        )
    return there[-1].number + 1


def save(home: Path, card: Card, weights: bytes, usual: Grey | None, licence: str) -> Path:
    """Write a version, whole or not at all, and point to it; its folder.

    Raises:
        Conflict: The version is there already.
        InvalidModel: It cannot be written.
    """
    name = model_id(card.condition, card.version)
    manifest = {
        "id": name,
        "head": "classifier",
        "use": "detect",
        "file": f"{card.condition}.onnx",
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
        "labels": LABELS,
        "input": {
            "name": CROPS,
            "width": SIZE,
            "height": SIZE,
            "fit": "stretch",
            "layout": "nhwc",
            "colour": "bgr",
        },
        "min_certainty": card.threshold,
        "licence": f"{licence} (the layers of {card.base}); what was taught belongs to whoever taught it",
        "source": f"taught on site, on layers of {card.base} sha256 {card.base_sha256}",
        "notes": "A condition of one region, not of whole pictures; see card.json.",
    }
    files: dict[str, bytes] = {
        MANIFEST: yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False).encode(),
        LABELS: f"{card.condition}\n".encode(),
        CARD: card.text().encode(),
        str(manifest["file"]): weights,
    }
    if usual is not None:
        files[USUAL] = bytes(cv2.imencode(".png", usual)[1])
    folder, part = home / name, home / f".{name}.part"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for file, content in files.items():
            (part / file).write_bytes(content)
        if folder.exists():
            raise Conflict("this version is there already", where=str(folder), mend="try again")
        part.rename(folder)
        point(home, folder)
    except OSError as wrong:
        what = f"it cannot be written ({wrong.strerror})"
        raise InvalidModel(what, where=str(folder), mend="name a folder that may be written") from wrong
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def point(home: Path, folder: Path) -> None:
    """Make this version the one that counts."""
    part = home / f".{CURRENT}.part"
    part.write_text(f"{folder.name}\n", "utf-8")
    part.replace(home / CURRENT)


def rollback(home: Path, to: int | None = None) -> Version:
    """Make version `to`, or the one before the current, the one that counts; NotFound when there is none such."""
    there = versions(home)
    if to is None:
        now = next((each.number for each in there if each.current), there[-1].number + 1)
        before = [each for each in there if each.number < now]
        if not before:
            raise NotFound("there is no earlier version", where=str(home), mend="see `hub teach list`")
        chosen = before[-1]
    else:
        named = [each for each in there if each.number == to]
        if not named:
            numbers = ", ".join(str(each.number) for each in there)
            raise NotFound(f"there is no version {to}", where=str(home), mend=f"there: {numbers}")
        chosen = named[0]
    read_card(chosen.folder)  # a damaged one is told before it counts
    point(home, chosen.folder)
    return chosen


def _pointed(home: Path) -> str:
    try:
        return (home / CURRENT).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
