"""Login: the answer to a camera that asks for user and password: Basic and Digest (RFC 2617, RFC 7616).

The same schemes as FFmpeg has, and the same choice among several, so that what is accepted here is accepted there.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^",\s]+))')
DIGESTS = ("", "MD5", "MD5-SESS")
"""Algorithms; FFmpeg (8.1 as PyAV brings it) knows no SHA-256, which RFC 7616 wants offered before MD5."""
UNKNOWN = "asks for a login that FFmpeg does not know (Digest by another algorithm than MD5)"


def is_known(challenges: Sequence[str]) -> bool:
    """Whether a user and password could answer: of several challenges FFmpeg takes the last Digest, else Basic."""
    return _chosen(challenges) is not None


def answer_to(challenges: Sequence[str], user: str, password: str) -> Callable[[str, str], str] | None:
    """The value of `Authorization` for a method and address; None when no challenge can be answered.

    `challenges` are the values of `WWW-Authenticate`.
    """
    chosen = _chosen(challenges)
    if not user or chosen is None:
        return None
    scheme, said = chosen
    if scheme == "digest":
        return lambda method, url: _digest(said, method, url, user, password)
    basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda _method, _url: basic


def _chosen(challenges: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """The challenge that FFmpeg answers (scheme, parameters); None when it answers none."""
    found: dict[str, dict[str, str]] = {}
    for challenge in challenges:
        scheme, _, rest = challenge.partition(" ")
        found[scheme.lower()] = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
    if "digest" in found:
        known = found["digest"].get("algorithm", "").upper() in DIGESTS
        return ("digest", found["digest"]) if known else None
    return ("basic", found["basic"]) if "basic" in found else None


def _digest(said: dict[str, str], method: str, url: str, user: str, password: str) -> str:
    realm, nonce = said.get("realm", ""), said.get("nonce", "")
    who, what = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{url}")
    own = secrets.token_hex(8)
    if said.get("algorithm", "").upper() == "MD5-SESS":
        who = _md5(f"{who}:{nonce}:{own}")
    fields = f'username="{user}", realm="{realm}", nonce="{nonce}", uri="{url}"'
    if "auth" in re.split(r"[,\s]+", said.get("qop", "")):
        response = _md5(f"{who}:{nonce}:00000001:{own}:auth:{what}")
        fields += f', qop=auth, nc=00000001, cnonce="{own}"'
    else:
        response = _md5(f"{who}:{nonce}:{what}")
    if "algorithm" in said:
        fields += f", algorithm={said['algorithm']}"
    if "opaque" in said:
        fields += f', opaque="{said["opaque"]}"'
    return f'Digest {fields}, response="{response}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
