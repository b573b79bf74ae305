"""Package check: holds an evidence package against its own digests and chain, without the hub it came from.

Nothing is unpacked; a file is read no further than the manifest says it is long.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from alerts.chain import broken_at
from alerts.package import CASE, FORMAT, HISTORY, MANIFEST
from ingest.errors import NotFound

MOST_JSON = 50_000_000
"""Bytes of one JSON file that are read."""
CHUNK = 1024 * 1024

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        findings: One line each; empty when all is as it was packed.
        said: What the package says of itself, in one line.
    """

    findings: tuple[str, ...]
    said: str


def check(path: Path) -> Checked:
    """Every file, every digest, every entry; raises NotFound when there is no such file."""
    if not path.is_file():
        raise NotFound("there is no package", where=str(path), mend="name the zip")
    try:
        with zipfile.ZipFile(path) as packed:
            return _check(packed)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as wrong:
        return Checked((f"{path.name}: not a whole zip ({wrong})",), "nothing could be read")


def _check(packed: zipfile.ZipFile) -> Checked:
    try:
        body = _json(packed, MANIFEST)
        manifest = cast("Json", body)
        files = {str(each["path"]): each for each in cast("Sequence[Json]", manifest["files"])}
        case, made = cast("Json", manifest["case"]), cast("Json", manifest["made"])
        said = (
            f"case {case['number']}, {len(files)} files, made by {made['by']} ({made['role']}) at {made['at']}, "
            f"manifest sha256 {hashlib.sha256(packed.read(MANIFEST)).hexdigest()}"
        )
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as wrong:
        return Checked((f"{MANIFEST}: cannot be read ({wrong})",), "without a manifest nothing can be told")
    if manifest.get("format") != FORMAT:
        return Checked((f"{MANIFEST}: of another format",), "this is no evidence package")
    findings = [*_names(packed, files), *_files(packed, files)]
    if not any(each.startswith(f"{HISTORY}:") for each in findings):
        findings += _history(packed, manifest, files)
    return Checked(tuple(findings), said)


def _names(packed: zipfile.ZipFile, files: Mapping[str, Json]) -> Iterator[str]:
    for name, number in Counter(packed.namelist()).items():
        if number > 1:
            yield f"{name}: is there {number} times"
        if name not in files and name != MANIFEST:
            yield f"{name}: is not in the manifest"


def _files(packed: zipfile.ZipFile, files: Mapping[str, Json]) -> Iterator[str]:
    there = set(packed.namelist())
    for name, said in sorted(files.items()):
        if name not in there:
            yield f"{name}: is missing"
            continue
        size, digest = 0, hashlib.sha256()
        try:
            with packed.open(name) as file:
                while size <= cast("int", said["bytes"]) and (chunk := file.read(CHUNK)):
                    size += len(chunk)
                    digest.update(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as wrong:
            yield f"{name}: is damaged ({wrong})"
            continue
        if (size, digest.hexdigest()) != (said["bytes"], said["sha256"]):
            yield f"{name}: is not what was packed (sha256 or length differs)"


def _history(packed: zipfile.ZipFile, manifest: Json, files: Mapping[str, Json]) -> Iterator[str]:
    """The chain, and that pictures are those whose digests it seals."""
    try:
        history = cast("Sequence[Json]", _json(packed, HISTORY))
        case = cast("Json", _json(packed, CASE))
        at = broken_at(history)
        last = str(history[-1]["hash"]) if history else ""
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as wrong:
        yield f"{HISTORY}: cannot be read ({wrong})"
        return
    if at is not None:
        yield f"{HISTORY}: entry {at + 1} is not what was sealed"
    chain = cast("Json", manifest["chain"])
    if (len(history), last) != (chain["entries"], chain["last_hash"]) or case.get("version") != len(history):
        yield f"{HISTORY}: does not end where manifest and case say"
    left_out = {str(each["path"]) for each in cast("Sequence[Json]", manifest["missing"])}
    for number, path, digest in _sealed(history):
        if path in files and files[path]["sha256"] != digest:
            yield f"{path}: is not what entry {number} of the history sealed"
        if path not in files and path not in left_out:
            yield f"{path}: is sealed by entry {number} of the history, and is not there"


def _sealed(history: Sequence[Json]) -> Iterator[tuple[object, str, object]]:
    """(entry, path in the package, sha256) of every picture that the history names."""
    for entry in history:
        for key, digest in cast("Json", entry.get("sha256", {})).items():
            yield entry["seq"], f"attachments/{key}.jpg", digest
        proof = cast("Json", entry.get("proof") or {})
        for each in cast("Sequence[Json]", proof.get("incidents", ())):
            before = cast("Json", each["before"])
            for name, digest in cast("Json", before.get("sha256", {})).items():
                yield entry["seq"], f"incidents/{each['incident']}/{name}", digest


def _json(packed: zipfile.ZipFile, name: str) -> object:
    with packed.open(name) as file:
        content = file.read(MOST_JSON + 1)
    if len(content) > MOST_JSON:
        raise ValueError("too large")
    return cast("object", json.loads(content))
