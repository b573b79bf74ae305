"""Addresses and the passwords in them: kept apart, so that an address can be shown."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

_IN_TEXT = re.compile(r"([a-z][a-z0-9+.-]*://)[^/\s@]*@", re.IGNORECASE)
_IN_QUERY = re.compile(
    r"(?:^|[/?&;_])(?:pass(?:word|wd)?|pwd|token|auth|secret|api_?key|key)=[^&;/_]+", re.IGNORECASE
)


def split_credentials(url: str) -> tuple[str, str | None, str | None]:
    """`(address without user and password, user, password)`; either is None when the address has none."""
    parts = urlsplit(url)
    front, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None, None
    user, colon, password = front.partition(":")
    bare = urlunsplit(parts._replace(netloc=host))
    return bare, unquote(user) or None, unquote(password) if colon else None


def with_credentials(url: str, user: str | None, password: str | None) -> str:
    """The address as a client needs it; the opposite of split_credentials()."""
    if not user and not password:
        return url
    parts = urlsplit(url)
    front = quote(user or "", safe="")
    if password is not None:
        front += ":" + quote(password, safe="")
    return urlunsplit(parts._replace(netloc=f"{front}@{parts.netloc}"))


def without_password(text: str) -> str:
    """`text` with user and password of every address in it taken out; for messages and logs."""
    return _IN_QUERY.sub(lambda found: found.group(0).partition("=")[0] + "=***", _IN_TEXT.sub(r"\1", text))


def holds_secret(url: str) -> bool:
    """True when the path or query itself carries a password (`/user=admin_password=…`): show none of it."""
    parts = urlsplit(url)
    return bool(_IN_QUERY.search(f"{parts.path}?{parts.query}"))
