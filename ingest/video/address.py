"""Address: a camera's URL, and the same URL as it may be shown (without user and password)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

SCHEMES = ("rtsp", "rtsps")
_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/?#\s]*@", re.IGNORECASE)


def shown(text: str) -> str:
    """`text` with the user and password cut out of every URL in it: safe for logs, errors and screens."""
    return _CREDENTIALS.sub(r"\g<scheme>", text)


def is_camera_url(url: str) -> bool:
    """Whether FFmpeg may be given this address: RTSP to a host, never a file, a pipe or another protocol."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, a bracket that is not closed
        return False


def host_and_port(url: str) -> tuple[str, int]:
    """Where to connect; 554 when the URL names no port, 322 for rtsps."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (322 if parts.scheme.lower() == "rtsps" else 554)
