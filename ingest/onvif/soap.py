"""SOAP as ONVIF speaks it: an envelope with WS-Security UsernameToken (password digest), and answers read safely. Pure.

Answers are XML of a stranger: one that declares a document type (and with it entities) is refused unread.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from ingest.errors import CameraUnreachable

LARGEST = 1_000_000
"""Bytes of an answer."""

SPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tptz": "http://www.onvif.org/ver20/ptz/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
}
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"


def digest(nonce: bytes, created: str, password: str) -> str:
    """Base64 of SHA-1 over nonce, time and password: what the profile prescribes."""
    return base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()  # noqa: S324


def envelope(body: str, *, user: str | None, password: str, nonce: bytes, at: datetime) -> bytes:
    """A request; `at` (UTC) is the camera's own time, as far as it is known: cameras refuse old tokens."""
    spaces = " ".join(f"xmlns:{name}={quoteattr(uri)}" for name, uri in SPACES.items())
    header = ""
    if user is not None:
        created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        header = (
            f'<s:Header><w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}" s:mustUnderstand="1"><w:UsernameToken>'
            f"<w:Username>{escape(user)}</w:Username>"
            f'<w:Password Type="{DIGEST}">{digest(nonce, created, password)}</w:Password>'
            f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
            "</w:UsernameToken></w:Security></s:Header>"
        )
    text = f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {spaces}>{header}<s:Body>{body}</s:Body></s:Envelope>'
    return text.encode()


def read(content: bytes, *, where: str) -> ET.Element:
    """The body of an answer; CameraUnreachable (`garbage`, `unauthorized`, `refused`) for anything else."""
    declared = any(
        each in content for each in (b"<!DOCTYPE", b"<!ENTITY", b"\0")
    )  # NUL: UTF-16 would hide the others
    if len(content) > LARGEST or declared:
        raise CameraUnreachable(
            "its ONVIF answer is not read: too large, or with entities", reason="garbage", where=where
        )
    try:
        root = ET.fromstring(content)  # noqa: S314 - no document type, hence no entities
    except (ET.ParseError, ValueError, LookupError):  # LookupError: an encoding nobody knows
        raise CameraUnreachable("its ONVIF answer is no XML", reason="garbage", where=where) from None
    body = root.find("s:Body", SPACES)
    if body is None:
        raise CameraUnreachable("its ONVIF answer is no SOAP", reason="garbage", where=where)
    fault = body.find("s:Fault", SPACES)
    if fault is not None:
        said = " ".join("".join(fault.itertext()).split())[:200]
        if "NotAuthorized" in said:
            raise CameraUnreachable(
                "user or password is not accepted (ONVIF)",
                reason="unauthorized",
                where=where,
                mend="set onvif user and password",
            )
        raise CameraUnreachable(f"the camera refused (ONVIF): {said}", reason="refused", where=where)
    return body
