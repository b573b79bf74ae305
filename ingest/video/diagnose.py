"""Diagnose: what answers where FFmpeg could not read, or was not let in; FFmpeg says the same of all of it."""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import urlsplit

from ingest.video.address import host_and_port, shown
from ingest.video.login import UNKNOWN, is_known

HEAD = 16_384
"""Bytes of an answer that are read."""
_CHALLENGE = re.compile(r"(?im)^www-authenticate:[ \t]*(.*?)\r?$")


def diagnose(url: str, timeout: float = 2.0) -> tuple[str, str]:
    """(reason, message): refused, timeout, not-rtsp or garbage, by asking OPTIONS without credentials."""
    host, port = host_and_port(url)
    ask = f"OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
    try:
        with socket.create_connection((host, port), timeout=timeout) as line:
            line.settimeout(timeout)
            line.sendall(ask)
            answer = line.recv(512)
    except TimeoutError:
        return "timeout", "takes connections and does not answer"
    except OSError as wrong:
        return "refused", f"closes the connection ({wrong.strerror or wrong})"
    if not answer:
        return "refused", "closes the connection without an answer"
    if answer.startswith(b"RTSP/"):
        return "garbage", "speaks RTSP, but what it sends cannot be read"
    if answer.startswith(b"HTTP/") or answer.lstrip().startswith(b"<"):
        return "not-rtsp", "answers a web page, not a camera's stream"
    return "not-rtsp", "answers something that is not RTSP"


def refused_login(url: str, timeout: float = 2.0) -> tuple[str, str]:
    """(reason, message) where FFmpeg was refused: login-unknown or unauthorized, by asking without credentials."""
    parts = urlsplit(url)
    if parts.username and parts.scheme.lower() == "rtsp":
        challenges = _challenges(url, timeout)
        if challenges and not is_known(challenges):
            return "login-unknown", UNKNOWN
    return "unauthorized", "user or password is not accepted"


def _challenges(url: str, timeout: float) -> list[str]:
    """What the camera asks for; nothing when it does not answer in time."""
    ask = f"DESCRIBE {shown(url)} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode()
    answer, until = b"", time.monotonic() + timeout
    try:
        with socket.create_connection(host_and_port(url), timeout=timeout) as line:
            line.sendall(ask)
            while b"\r\n\r\n" not in answer and len(answer) < HEAD:
                line.settimeout(max(until - time.monotonic(), 0.01))
                some = line.recv(4096)
                if not some:
                    break
                answer += some
    except OSError:  # then FFmpeg's word stands
        return []
    return _CHALLENGE.findall(answer.decode("utf-8", "replace").partition("\r\n\r\n")[0])
