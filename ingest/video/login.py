"""Login: the answer to a camera that asks for user and password: Basic and Digest (RFC 2617, RFC 7616).

The same schemes as FFmpeg has, so that what is accepted here is accepted there.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^",\s]+))')
DIGESTS = ("", "MD5", "MD5-SESS")
"""Algorithms; FFmpeg knows no SHA-256, which RFC 7616 wants offered beside MD5."""


def answer_to(challenges: Sequence[str], user: str, password: str) -> Callable[[str, str], str] | None:
    """The value of `Authorization` for a method and address; None when no challenge can be answered.

    `challenges` are the values of `WWW-Authenticate`; Digest goes before Basic.
    """
    if not user:
        return None
    basic = None
    for challenge in challenges:
        scheme, _, rest = challenge.partition(" ")
        said = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
        if scheme.lower() == "digest" and said.get("algorithm", "").upper() in DIGESTS:
            return lambda method, url: _digest(said, method, url, user, password)
        if scheme.lower() == "basic":
            basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return None if basic is None else lambda _method, _url: basic


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
