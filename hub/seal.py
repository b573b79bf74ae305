"""Seal: bytes on a disk that only a key opens: AES-256-GCM in chunks, bound to their name, versioned.

    HUBSEAL 2 | salt (32 bytes) | chunk 0 | chunk 1 | …

Each chunk is CHUNK bytes of the content (the last one fewer) and a tag of 16. The file has a key of its own,
HKDF-SHA256 of the key, the salt and the name; a chunk's nonce is its number and whether it is the last: chunks
that were swapped, left out, cut off or moved to another file do not open.

Files of the first version (a nonce of 12 bytes and one chunk, no header) are read as before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingest.errors import HubError

MARK = b"HUBSEAL\x02"
SALT = 32
CHUNK = 1_000_000
TAG = 16
_NONCE = 12
"""Bytes, all of them."""


def key_of(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose; the secret cannot be had back from them."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


def seal(key: bytes, name: str, content: bytes) -> Iterator[bytes]:
    """The sealed file in pieces, for `name` only; different each time."""
    salt = os.urandom(SALT)
    yield MARK + salt
    cipher = _cipher(key, name, salt)
    pieces = memoryview(content)
    last = max(0, len(content) - 1) // CHUNK
    for number in range(last + 1):
        piece = pieces[number * CHUNK : (number + 1) * CHUNK]
        yield cipher.encrypt(_nonce(number, last=number == last), piece, None)


def unseal(key: bytes, name: str, stored: bytes) -> bytes:
    """The content of a sealed file; HubError when it was changed, cut, renamed or sealed with another key."""
    try:
        if not stored.startswith(MARK):
            return AESGCM(key).decrypt(stored[:_NONCE], stored[_NONCE:], name.encode())
        cipher = _cipher(key, name, stored[len(MARK) : len(MARK) + SALT])
        body = memoryview(stored)[len(MARK) + SALT :]
        last = max(0, len(body) - 1) // (CHUNK + TAG)
        return b"".join(
            cipher.decrypt(
                _nonce(number, last=number == last),
                body[number * (CHUNK + TAG) : (number + 1) * (CHUNK + TAG)],
                None,
            )
            for number in range(last + 1)
        )
    except (InvalidTag, ValueError) as wrong:  # ValueError: too short to be one at all
        raise HubError(
            "the sealed evidence was changed or sealed with another secret",
            where=name,
            mend="restore the file and HUB_SECRET from the backup",
        ) from wrong


def _cipher(key: bytes, name: str, salt: bytes) -> AESGCM:
    info = b"sealed file " + name.encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([last])
