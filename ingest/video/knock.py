"""Knock: whether a camera that was away sends video again, found out without FFmpeg and for next to nothing.

    OPTIONS ▸ DESCRIBE (with user and password when asked) ▸ SETUP ▸ PLAY ▸ the first RTP packet ▸ hang up

FFmpeg wakes ten times a second while it waits, reads garbage byte by byte and a reply of endless headers for
as long as it may. A camera that is away is asked this way, and FFmpeg opens only what answered. Every wait
and every size has a limit. What cannot be judged here (TLS, another transport, a redirect) is let through.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from ingest.errors import CameraUnreachable
from ingest.video.address import host_and_port, shown
from ingest.video.login import UNKNOWN, answer_to, is_known
from ingest.video.rtp import begins_picture, is_rtp, plausible

CONNECT = 2.0
ANSWER = 3.0
"""Seconds for the connection and for each answer."""
PATIENCE = 12.0
"""Seconds after PLAY without the packet that is waited for: more than the 10 s between keyframes of a camera
that saves."""
SLICE = 1.0
"""Seconds between two looks at `stop`."""
HEAD = 16_384
BODY = 262_144
"""Bytes of an answer that are read."""
DIRT = 65_536
"""Bytes between packets after which it is garbage."""
CONVINCED = 8
"""Packets in a row that look right, of a camera that sent garbage before."""
AGENT = "xianshao"


class Unsure(Exception):
    """Nothing against the camera, but this is not the place to judge it."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, list[str]]
    body: bytes


@dataclass(slots=True)
class _Line:
    """One RTSP connection."""

    link: socket.socket
    where: str
    user: str
    password: str = field(repr=False)
    stop: Callable[[], bool]
    data: bytearray = field(default_factory=bytearray)
    count: int = 0
    session: str = ""
    login: Callable[[str, str], str] | None = None

    def fail(self, reason: str, message: str) -> CameraUnreachable:
        return CameraUnreachable(message, reason=reason, where=self.where)

    def more(self, until: float) -> bool:
        """Wait for more bytes; false at `until` (monotonic) or when told to stop."""
        while not self.stop():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self.link.settimeout(min(left, SLICE))
            try:
                some = self.link.recv(65_536)
            except TimeoutError:
                continue
            if not some:
                raise self.fail("ended" if self.count > 1 else "refused", "closes the connection")
            self.data += some
            return True
        return False

    def ask(self, method: str, url: str, headers: dict[str, str]) -> _Answer:
        """One request and its answer; once more with the password when the camera asks for it."""
        answer = self._ask(method, url, headers)
        if answer.status == 401 and self.login is None:
            challenges = answer.headers.get("www-authenticate", [])
            if self.user and challenges and not is_known(challenges):
                raise self.fail("login-unknown", UNKNOWN)
            self.login = answer_to(challenges, self.user, self.password)
            if self.login is not None:
                answer = self._ask(method, url, headers)
        if answer.status in {401, 403}:
            raise self.fail("unauthorized", "user or password is not accepted")
        if answer.status in {404, 454}:
            raise self.fail("not-found", "the camera has no stream of this path")
        if answer.status != 200:
            raise Unsure
        return answer

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> _Answer:
        self.count += 1
        rows = [f"{method} {url} RTSP/1.0", f"CSeq: {self.count}", f"User-Agent: {AGENT}"]
        rows += [f"{name}: {value}" for name, value in headers.items()]
        if self.session:
            rows.append(f"Session: {self.session}")
        if self.login is not None:
            rows.append(f"Authorization: {self.login(method, url)}")
        self.link.settimeout(ANSWER)
        self.link.sendall(("\r\n".join(rows) + "\r\n\r\n").encode())
        until = time.monotonic() + ANSWER
        while (end := self.data.find(b"\r\n\r\n")) < 0:
            if self.data and not b"RTSP/".startswith(self.data[:5]):
                raise self.fail("not-rtsp", _other(bytes(self.data)))
            if len(self.data) > HEAD:
                raise self.fail("garbage", "its answer does not end")
            if not self.more(until):
                raise self.fail("timeout", "takes connections and does not answer")
        head = bytes(self.data[:end]).decode("utf-8", "replace").split("\r\n")
        del self.data[: end + 4]
        first = head[0].split(maxsplit=2)
        if len(first) < 2 or not first[0].startswith("RTSP/") or not first[1].isdigit():
            raise self.fail("not-rtsp", _other("\n".join(head).encode()))
        found: dict[str, list[str]] = {}
        for row in head[1:]:
            name, _, value = row.partition(":")
            found.setdefault(name.strip().lower(), []).append(value.strip())
        size = found.get("content-length", ["0"])[0]
        if not size.isdigit() or int(size) > BODY:
            raise self.fail("garbage", "its answer does not end")
        while len(self.data) < int(size):
            if not self.more(until):
                raise self.fail("timeout", "does not finish its answer")
        body = bytes(self.data[: int(size)])
        del self.data[: int(size)]
        return _Answer(int(first[1]), found, body)

    def packets(self, patience: float, enough: Callable[[bytes], bool]) -> None:
        """Return at the first interleaved RTP packet that is `enough`."""
        until = time.monotonic() + patience
        heard = dirt = 0
        while not self.stop():
            while (begin := self.data.find(b"$")) >= 0 and len(self.data) >= begin + 4:
                dirt += begin
                del self.data[:begin]
                size = int.from_bytes(self.data[2:4], "big")
                if self.data[1] > 1 or size < 8:  # another channel than asked for: no packet, look on
                    dirt += 1
                    del self.data[:1]
                    continue
                if len(self.data) < 4 + size:
                    break
                packet = bytes(self.data[4 : 4 + size]) if self.data[1] == 0 else b""
                del self.data[: 4 + size]
                heard += 1
                if packet and enough(packet):
                    return
            if begin < 0:
                dirt += len(self.data)
                self.data.clear()
            if dirt > DIRT:
                raise self.fail("garbage", "plays, and sends what is no video")
            if not self.more(until):
                if self.stop():
                    return
                if heard or dirt:
                    raise self.fail("garbage", "plays, and what it sends cannot be read")
                raise self.fail("timeout", "plays, and sends nothing")


def knock(
    url: str, *, strict: bool = False, stop: Callable[[], bool] = lambda: False, patience: float = PATIENCE
) -> None:
    """Return when the camera sends video, or when that cannot be judged here; raise CameraUnreachable if not.

    `strict`: it sent garbage before: the begin of a keyframe is waited for, not just any packet.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() != "rtsp":
        return
    host, port = host_and_port(url)
    netloc = parts.netloc.rpartition("@")[2]
    bare = parts._replace(netloc=netloc).geturl()
    where = shown(url)
    try:
        link = socket.create_connection((host, port), timeout=CONNECT)
    except TimeoutError:
        raise CameraUnreachable(f"no answer within {CONNECT:g} s", reason="timeout", where=where) from None
    except (OSError, UnicodeError) as wrong:
        said = getattr(wrong, "strerror", None) or type(wrong).__name__
        if isinstance(wrong, ConnectionRefusedError):
            said = "nothing listens there"
        raise CameraUnreachable(
            said.lower(), reason="refused", where=where, mend="check host and port"
        ) from None
    with link:
        line = _Line(link, where, unquote(parts.username or ""), unquote(parts.password or ""), stop)
        try:
            _play(line, bare, strict=strict, patience=patience)
        except Unsure:
            return
        except OSError as wrong:
            said = f"closes the connection ({wrong.strerror or wrong})".lower()
            raise line.fail("ended" if line.count > 1 else "refused", said) from None


def _play(line: _Line, url: str, *, strict: bool, patience: float) -> None:
    line.ask("OPTIONS", url, {})
    answer = line.ask("DESCRIBE", url, {"Accept": "application/sdp"})
    base = (answer.headers.get("content-base") or answer.headers.get("content-location") or [url])[0]
    found = _video(answer.body.decode("utf-8", "replace"))
    if found is None:
        raise line.fail("no-video", "the stream carries no video")
    payload, codec, control = found
    track = control if "://" in control else urljoin(base if base.endswith("/") else base + "/", control)
    answer = line.ask("SETUP", track, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
    if "interleaved=0-1" not in answer.headers.get("transport", [""])[0].replace(" ", ""):
        raise Unsure
    line.session = answer.headers.get("session", [""])[0].partition(";")[0]
    line.ask("PLAY", base, {"Range": "npt=0.000-"})

    right = begun = 0

    def enough(packet: bytes) -> bool:
        nonlocal right, begun
        rtp = is_rtp(packet, payload)
        if not strict:
            return rtp
        if not rtp or not plausible(packet, codec):
            raise line.fail("garbage", f"plays, and sends what is no {codec or 'video'}")
        right += 1
        begun += begins_picture(packet, codec)
        return bool(begun) and right >= CONVINCED

    line.packets(patience, enough)


def _video(sdp: str) -> tuple[int, str, str] | None:
    """(payload type, codec name in upper case, control) of the first video of a session description."""
    for media in re.split(r"(?m)^(?=m=)", sdp)[1:]:
        first = re.match(r"m=video \d+(?:/\d+)? \S+ (\d+)", media)
        if first:
            payload = int(first[1])
            name = re.search(rf"(?m)^a=rtpmap:{payload} ([^/\s]+)/", media)
            control = re.search(r"(?m)^a=control:(\S+)", media)
            codec = name[1].upper() if name else {26: "JPEG"}.get(payload, "")
            return payload, codec, control[1] if control else ""
    return None


def _other(data: bytes) -> str:
    if data.startswith(b"HTTP/") or data.lstrip().startswith(b"<"):
        return "answers a web page, not a camera's stream"
    return "answers something that is not RTSP"
