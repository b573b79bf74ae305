"""Diagnose: what answers where FFmpeg could not read; FFmpeg says "invalid data" to all of it."""

from __future__ import annotations

import socket

from ingest.video.address import host_and_port


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
