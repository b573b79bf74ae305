"""Secrets at rest: camera passwords and phone numbers are encrypted, people's passwords are hashed."""

from __future__ import annotations

import base64

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingest.errors import HubError
from ingest.masked import MASK

__all__ = ["MASK", "Passwords", "SecretBox", "hash_password", "verify_password"]

_HASHER = PasswordHasher()


class SecretBox:
    """Encrypts with a key derived from `HUB_SECRET`; the ledger keeps only what comes out of seal()."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"registry secrets").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        """`text`, encrypted; different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed; HubError when it was sealed under another secret."""
        return self.open_bytes(sealed.encode()).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        """`content`, encrypted; different each time."""
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """What was sealed; HubError when it was sealed under another secret."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as wrong:
            raise HubError(
                "a stored secret was encrypted with another HUB_SECRET",
                where="HUB_SECRET",
                mend="give the secret this data was written with, or enter the passwords again",
            ) from wrong


def hash_password(password: str) -> str:
    """Argon2id hash of a person's password."""
    return _HASHER.hash(password)


def verify_password(password: str, hashed: str) -> bool:
    """True when `password` is the one that was hashed; a broken hash fits nothing."""
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


class Passwords:
    """People's passwords of one apply: each is compared and hashed once, before the transaction if prepared."""

    def __init__(self) -> None:
        self._same: dict[tuple[str, str], bool] = {}
        self._hashes: dict[tuple[str, str], str] = {}

    def prepare(self, name: str, plain: str, kept: str | None) -> None:
        """Work out now what will be asked in the transaction."""
        if kept is None or not self.same(plain, kept):
            self.hash(name, plain)

    def same(self, plain: str, kept: str) -> bool:
        """Whether `plain` is the password that was hashed."""
        key = (plain, kept)
        if key not in self._same:
            self._same[key] = verify_password(plain, kept)
        return self._same[key]

    def hash(self, name: str, plain: str) -> str:
        """The hash of one person's password, with a salt of its own."""
        key = (name, plain)
        if key not in self._hashes:
            self._hashes[key] = hash_password(plain)
        return self._hashes[key]
