"""Evidence store: `HUB_DATA/evidence`, a folder per incident or case; originals and photos are encrypted at rest."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingest.errors import EvidenceNone, HubError

SEALED = frozenset({"original.mp4"})
"""What shows persons as they are; everything else was blurred before it came here."""
PHOTO = ".photo.jpg"
"""How the photos of cases end (hub/serve/case_files.py): they are not blurred, either."""
_NONCE = 12  # bytes, the length AES-GCM is made for


def sealed(name: str) -> bool:
    """Whether a file of this name is encrypted."""
    return name in SEALED or name.endswith(PHOTO)


class EvidenceStore:
    """Files of evidence, each written whole or not at all.

    The key is derived from HUB_SECRET: without it the originals cannot be read, also not from a copied disk.
    """

    def __init__(self, folder: Path, secret: str) -> None:
        self.folder = folder
        self._key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sealed evidence").derive(
            secret.encode()
        )

    def put(self, incident: str, name: str, content: bytes) -> str:
        """Store `content`; returns its sha256 (of the content, not of the sealed file)."""
        path = self._path(incident, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = content
        if sealed(name):
            nonce = os.urandom(_NONCE)
            stored = nonce + AESGCM(self._key).encrypt(nonce, content, f"{incident}/{name}".encode())
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb") as out:
            out.write(stored)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
        return hashlib.sha256(content).hexdigest()

    def get(self, incident: str, name: str, sha256: str) -> bytes:
        """The content; EvidenceNone when the file is gone, HubError when it is not what was stored."""
        try:
            stored = self._path(incident, name).read_bytes()
        except FileNotFoundError as wrong:
            raise EvidenceNone("the evidence is no longer there", where=f"{incident}/{name}") from wrong
        content = stored
        if sealed(name):
            try:
                content = AESGCM(self._key).decrypt(
                    stored[:_NONCE], stored[_NONCE:], f"{incident}/{name}".encode()
                )
            except InvalidTag as wrong:
                raise HubError(
                    "the sealed evidence was changed or sealed with another secret",
                    where=f"{incident}/{name}",
                    mend="restore the file and HUB_SECRET from the backup",
                ) from wrong
        if hashlib.sha256(content).hexdigest() != sha256:
            raise HubError("the evidence is not what was stored (sha256 differs)", where=f"{incident}/{name}")
        return content

    def remove(self, incident: str, name: str) -> None:
        """Delete the file, and the incident's folder with its last one; twice is fine."""
        path = self._path(incident, name)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone already
            path.parent.rmdir()

    def _path(self, incident: str, name: str) -> Path:
        return self.folder / incident / (f"{name}.sealed" if sealed(name) else name)
