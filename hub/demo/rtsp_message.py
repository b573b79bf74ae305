"""RTSP message: a request read from a connection, a reply written, and the password between (RFC 2326)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
}
_BODY_LIMIT = 64 * 1024  # bytes of a request's body that are read at all
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')


class BadRequest(Exception):
    """What came is no RTSP; the connection is closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `CSeq` and `Content-Length` are added when it is written."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encode(self, cseq: str) -> bytes:
        """The bytes to send."""
        lines = [f"RTSP/1.0 {self.status} {REASONS[self.status]}", f"CSeq: {cseq}", "Server: xianshao-demo"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None for an interleaved packet from the client (its receiver reports).

    Raises BadRequest for anything else, asyncio.IncompleteReadError at the end of the connection.
    """
    first = await reader.readexactly(1)
    if first == b"$":
        header = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(header[1:], "big"))
        return None
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as wrong:
        raise BadRequest("the head of the request is too long") from wrong
    lines = head.decode("utf-8", "replace").strip().split("\r\n")
    parts = lines[0].split()
    if len(parts) != 3 or not parts[2].startswith("RTSP/"):
        raise BadRequest(f"no RTSP request: {lines[0][:80]!r}")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    try:
        size = int(headers.get("content-length", "0"))
    except ValueError as wrong:
        raise BadRequest("Content-Length is no number") from wrong
    if not 0 <= size <= _BODY_LIMIT:
        raise BadRequest("the request's body is too long")
    await reader.readexactly(size)
    return Request(parts[0], parts[1], headers)


@dataclass(frozen=True, slots=True)
class Password:
    """The one user that may watch; Digest (RFC 2617 and 7616: MD5 as cameras do, SHA-256) and Basic are offered.

    Attributes:
        user: Name.
        password: Secret.
        schemes: What is offered, in this order: SHA-256 (Digest by it), Digest (by MD5), Basic.
    """

    user: str
    password: str = field(repr=False)
    schemes: tuple[str, ...] = ("SHA-256", "Digest", "Basic")
    realm: str = "xianshao-demo"
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    def challenge(self) -> dict[str, str]:
        """Headers of the 401 reply; schemes beyond the first are appended as further lines."""
        offers = {
            "SHA-256": f'Digest realm="{self.realm}", nonce="{self.nonce}", qop="auth", algorithm=SHA-256',
            "Digest": f'Digest realm="{self.realm}", nonce="{self.nonce}", qop="auth", algorithm=MD5',
            "Basic": f'Basic realm="{self.realm}"',
        }
        return {"WWW-Authenticate": "\r\nWWW-Authenticate: ".join(offers[each] for each in self.schemes)}

    def accepts(self, request: Request) -> bool:
        """Whether the request carries the right answer in one of the offered schemes."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic" and "Basic" in self.schemes:
            expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return hmac.compare_digest(rest.strip().encode(), expected.encode())
        if scheme == "Digest":
            said = {name: quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
            if ("SHA-256" if said.get("algorithm") == "SHA-256" else "Digest") not in self.schemes:
                return False
            return said.get("nonce") == self.nonce and hmac.compare_digest(
                said.get("response", "").encode(), self._digest(request.method, said).encode()
            )
        return False

    def _digest(self, method: str, said: Mapping[str, str]) -> str:
        hashed = _sha256 if said.get("algorithm") == "SHA-256" else _md5
        who = hashed(f"{self.user}:{self.realm}:{self.password}")
        what = hashed(f"{method}:{said.get('uri', '')}")
        if said.get("qop") == "auth":
            return hashed(f"{who}:{self.nonce}:{said.get('nc', '')}:{said.get('cnonce', '')}:auth:{what}")
        return hashed(f"{who}:{self.nonce}:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
