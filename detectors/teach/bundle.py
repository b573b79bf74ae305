"""Bundle: one version as one file, for another site.

The other site looks at it as at any model that came from somewhere (inspection.py), and it becomes a version of its own
there. How its region looked belongs to the camera that it was taught on, and so does the card's region.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np

from detectors.model import MANIFEST, load_manifest, verify
from detectors.teach.card import CARD, read_card
from detectors.teach.naming import check_condition, model_id
from detectors.teach.versions import LABELS, USUAL, current, next_number, save
from ingest.errors import InvalidModel, NotFound

MOST_BYTES = 64 * 1024 * 1024
"""Of one file in it, unpacked."""
_DAY_ONE = (1980, 1, 1, 0, 0, 0)
"""The same version gives the same file, whenever it is written."""


def export(home: Path, target: Path) -> Path:
    """Write the current version in `home` (or the version whose folder it is) to `target`; it must not be there yet."""
    folder = current(home)
    manifest = verify(folder)
    read_card(folder)
    names = [MANIFEST, LABELS, CARD, manifest.file]
    if (folder / USUAL).is_file():
        names.append(USUAL)
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                entry = zipfile.ZipInfo(f"{folder.name}/{name}", _DAY_ONE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, (folder / name).read_bytes())
    except FileExistsError as wrong:
        raise InvalidModel("the file is there already", where=str(target), mend="name another") from wrong
    except OSError as wrong:
        what = f"it cannot be written ({wrong.strerror})"
        raise InvalidModel(what, where=str(target), mend="name another file") from wrong
    return target


def bring_in(source: Path, home: Path) -> Path:
    """Make the version in the file `source` the next one in `home`, and the current one; its folder.

    Raises:
        InvalidModel: Not such a file, damaged, or no model that may be loaded.
        NotFound: There is no such file.
        Conflict: The folder holds another condition.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = _unpack(source, Path(scratch))
        manifest, card = verify(folder), read_card(folder)
        check_condition(card.condition)
        if manifest.classes != (card.condition,) or folder.name != model_id(card.condition, card.version):
            raise InvalidModel(
                f"its card says {card.condition!r}, its labels {', '.join(manifest.classes)}",
                where=str(source),
                mend="export it again",
            )
        grey = None
        if card.usual is not None:
            grey = cv2.imread(str(folder / USUAL), cv2.IMREAD_GRAYSCALE)
            if grey is None:
                raise InvalidModel("usual.png is missing", where=str(source), mend="export it again")
        number = next_number(home, card.condition)
        came = f"{folder.name} sha256 {manifest.sha256}"
        own = card.model_copy(update={"version": number, "imported_from": came})
        weights = (folder / manifest.file).read_bytes()
        licence = manifest.licence.partition(" (the layers of ")[0]
        return save(home, own, weights, None if grey is None else np.asarray(grey, np.uint8), licence)


def _unpack(source: Path, scratch: Path) -> Path:
    """The version's folder below `scratch`; only the files that a version has, each of a size that can be."""
    wrong_file = InvalidModel(
        "not an exported condition",
        where=str(source),
        mend="name a file that `hub teach export` wrote",
    )
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            folders = {each.filename.partition("/")[0] for each in entries}
            names = {each.filename.partition("/")[2] for each in entries}
            model = {each for each in names if each.endswith(".onnx")}
            known = {MANIFEST, LABELS, CARD, USUAL, *model}
            plain = len(folders) == 1 and len(model) == 1 and not any("/" in each for each in names)
            if not plain or not names <= known or len(entries) != len(names) or "\\" in "".join(names):
                raise wrong_file
            name = folders.pop()
            if name in {"", ".", ".."}:
                raise wrong_file
            folder = scratch / name
            folder.mkdir()
            for each in entries:
                with archive.open(each) as packed:
                    content = packed.read(MOST_BYTES + 1)
                if len(content) > MOST_BYTES:
                    raise InvalidModel(
                        f"{each.filename} has more than {MOST_BYTES} bytes",
                        where=str(source),
                        mend="name a file that `hub teach export` wrote",
                    )
                (folder / each.filename.partition("/")[2]).write_bytes(content)
    except FileNotFoundError as wrong:
        raise NotFound("there is no such file", where=str(source), mend="name an exported file") from wrong
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error) as wrong:
        raise wrong_file from wrong
    load_manifest(folder)  # says what is wrong with it before anything is opened
    return folder
