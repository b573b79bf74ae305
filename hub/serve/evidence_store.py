"""Evidence store: `HUB_DATA/evidence`, a folder per incident, case or lesson.

Originals, photos and examples are sealed (hub/seal.py).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from hub import seal
from ingest.errors import EvidenceNone, HubError, NoRoom

SEALED = frozenset({"original.mp4"})
"""What shows persons as they are; everything else was blurred before it came here."""
PHOTO = ".photo.jpg"
"""How the photos of cases end (hub/serve/case_files.py): they are not blurred, either."""
EXAMPLE = ".example.png"
"""How the examples of lessons end (hub/serve/lessons.py): crops of originals."""
_SUFFIX = ".sealed"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def sealed(name: str) -> bool:
    """Whether a file of this name is encrypted."""
    return name in SEALED or name.endswith((PHOTO, EXAMPLE))


class EvidenceStore:
    """Files of evidence, each written whole or not at all.

    The key is derived from HUB_SECRET: without it the originals cannot be read, also not from a copied disk.
    `reserve` bytes of the disk are left free: the ledger lies on it, too, and comes first.
    """

    def __init__(self, folder: Path, secret: str, *, reserve: int = 0) -> None:
        self.folder = folder
        self.reserve = reserve
        self._key = seal.key_of(secret, "sealed evidence")

    def put(self, incident: str, name: str, content: bytes) -> str:
        """Store `content`; returns its sha256 (of the content, not of the sealed file). NoRoom on a full disk."""
        if self.room() < len(content):
            raise _no_room(incident, name)
        path = self._path(incident, name)
        pieces: Iterable[bytes] = (content,)
        if sealed(name):
            pieces = seal.seal(self._key, f"{incident}/{name}", content)
        fresh = path.with_name(path.name + ".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as out:
                out.writelines(pieces)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(path)
        except OSError as wrong:
            with suppress(OSError):
                fresh.unlink()
            with suppress(OSError):  # not empty
                path.parent.rmdir()
            if wrong.errno in _FULL:
                raise _no_room(incident, name) from wrong
            raise
        return hashlib.sha256(content).hexdigest()

    def get(self, incident: str, name: str, sha256: str) -> bytes:
        """The content; EvidenceNone when the file is gone, HubError when it is not what was stored."""
        try:
            content = self._path(incident, name).read_bytes()
        except FileNotFoundError as wrong:
            raise EvidenceNone("the evidence is no longer there", where=f"{incident}/{name}") from wrong
        if sealed(name):
            content = seal.unseal(self._key, f"{incident}/{name}", content)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise HubError("the evidence is not what was stored (sha256 differs)", where=f"{incident}/{name}")
        return content

    def remove(self, incident: str, name: str) -> None:
        """Delete the file, and the incident's folder with its last one; twice is fine."""
        path = self._path(incident, name)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone already
            path.parent.rmdir()

    def discard(self, folder: str, name: str) -> None:
        """Delete what files() named, whatever it is."""
        for each in (name, name + _SUFFIX):
            (self.folder / folder / each).unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            (self.folder / folder).rmdir()

    def room(self) -> int:
        """Bytes that may still be written; below 0 when others have used what is to stay free."""
        at = next(each for each in (self.folder, *self.folder.parents) if each.exists())
        return shutil.disk_usage(at).free - self.reserve

    def files(self) -> Iterator[tuple[str, str]]:
        """(folder, name) of every file that is there; a half-written one's name ends in `.new`."""
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir()):
            if folder.is_dir():
                for path in sorted(folder.iterdir()):
                    yield folder.name, path.name.removesuffix(_SUFFIX)

    def _path(self, incident: str, name: str) -> Path:
        return self.folder / incident / (f"{name}{_SUFFIX}" if sealed(name) else name)


def _no_room(incident: str, name: str) -> NoRoom:
    return NoRoom(
        "the disk of the evidence is full",
        reason="disk-full",
        where=f"{incident}/{name}",
        mend="free space, or give it a larger disk",
    )
