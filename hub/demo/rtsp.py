"""RTSP server of the demo and the tests: files become cameras.

    python -m hub.demo.rtsp --stream gate=clip.mp4 --stream kitchen=other.mp4

It prints `rtsp://127.0.0.1:PORT/` when it listens; the streams are below that by name. Over TCP (interleaved)
and UDP, H.264, H.265 and Motion JPEG, with Digest and Basic passwords when asked, sender reports, at real pace, in a
loop without a seam in sequence or time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import os
import re
import secrets
import signal
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hub.demo.clip import Clip, load
from hub.demo.rtsp_message import BadRequest, Password, Reply, Request, read_request
from hub.demo.stream import Stream
from hub.parent import on_parent_gone

log = logging.getLogger(__name__)

PASSWORD_VARIABLE = "HUB_DEMO_RTSP_PASSWORD"  # noqa: S105  # the variable's name, not its value
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_TIMEOUT = 60  # seconds a client may be silent; announced in Session
_SLOW = 4_000_000  # bytes waiting for one TCP client after which it is dropped
_SEND_BUFFER = 4_000_000  # bytes of the UDP socket, so that a keyframe of every camera fits


@dataclass(slots=True, eq=False)
class _TcpViewer:
    """Packets in the RTSP connection itself; a client that does not read is cut off."""

    writer: asyncio.StreamWriter
    channel: int
    server: RtspServer

    def send(self, packets: list[bytes]) -> None:
        self._write(b"".join(_interleave(self.channel, packet) for packet in packets))

    def report(self, packet: bytes) -> None:
        self._write(_interleave(self.channel + 1, packet))

    def _write(self, data: bytes) -> None:
        transport = self.writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > self.server.slow_limit:
            self.server.slow += 1
            log.warning("a client reads too slowly and is dropped")
            transport.abort()
            return
        transport.write(data)


@dataclass(slots=True, eq=False)
class _UdpViewer:
    """Packets to the client's two ports."""

    host: str
    port: int
    report_port: int
    server: RtspServer

    def send(self, packets: list[bytes]) -> None:
        for packet in packets:
            self.server.send_datagram(packet, (self.host, self.port), control=False)

    def report(self, packet: bytes) -> None:
        self.server.send_datagram(packet, (self.host, self.report_port), control=True)


class RtspServer:
    """The server; `start()` listens, `close()` ends all sessions. Use it inside one asyncio loop.

    `spread`: seconds over which the first pictures of the streams are spread, whoever comes when: nobody sets cameras
    to one beat.
    """

    def __init__(
        self,
        clips: Mapping[str, Clip],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: Password | None = None,
        slow_limit: int = _SLOW,
        spread: float = 0.0,
    ) -> None:
        self.host = host
        self.port = port
        self.password = password
        self.streams = {
            name: Stream(clip, beat=spread, late=spread * number / len(clips))
            for number, (name, clip) in enumerate(clips.items())
        }
        self.slow_limit = slow_limit
        self.slow = 0  # TCP clients dropped because they did not read
        self.lost = 0  # datagrams the kernel did not take
        self.played: Counter[str] = Counter()  # sessions that began to play, by stream
        self._server: asyncio.Server | None = None
        self._sockets: tuple[socket.socket, socket.socket] | None = None
        self._sessions: set[_Session] = set()

    @property
    def url(self) -> str:
        """`rtsp://127.0.0.1:PORT/`."""
        return f"rtsp://{self.host}:{self.port}/"

    @property
    def datagram_ports(self) -> tuple[int, int]:
        """The ports RTP and RTCP datagrams come from."""
        if self._sockets is None:
            raise RuntimeError("the server has not started")
        rtp, rtcp = self._sockets
        return rtp.getsockname()[1], rtcp.getsockname()[1]

    async def start(self) -> None:
        """Listen; OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._sockets = _datagram_pair(self.host)
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.add_reader(each, self._drain, each)

    async def close(self) -> None:
        """End all sessions and stop listening."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self._sessions):
            session.end()
        if self._sockets is not None:
            for each in self._sockets:
                asyncio.get_running_loop().remove_reader(each)
                each.close()
            self._sockets = None
        for _ in range(200):  # the sessions' tasks end by themselves when their connections are gone
            if not self._sessions:
                break
            await asyncio.sleep(0.01)

    def send_datagram(self, packet: bytes, address: tuple[str, int], *, control: bool) -> None:
        """Send at once or not at all; what the kernel does not take is counted."""
        if self._sockets is None:
            return
        try:
            self._sockets[1 if control else 0].sendto(packet, address)
        except OSError:
            self.lost += 1

    def _drain(self, sock: socket.socket) -> None:
        """Clients' receiver reports and hole-punching packets: read, so that the socket does not fill."""
        with contextlib.suppress(OSError):
            sock.recvfrom(2048)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self, reader, writer)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)


class _Session:
    """One RTSP connection and what it plays."""

    def __init__(
        self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._id = secrets.token_hex(8)
        self._stream: Stream | None = None
        self._name = ""
        self._viewer: _TcpViewer | _UdpViewer | None = None
        self._playing = False

    async def run(self) -> None:
        """Answer until the client leaves, is silent too long, or says something that is no RTSP."""
        try:
            while True:
                # A playing TCP client may be silent: it is known to be there as long as it reads.
                playing = self._playing and isinstance(self._viewer, _TcpViewer)
                wait = None if playing else _TIMEOUT * 1.5
                request = await asyncio.wait_for(read_request(self._reader), wait)
                if request is not None:
                    reply = self._answer(request)
                    self._writer.write(reply.encode(request.headers.get("cseq", "0")))
                    if request.method == "TEARDOWN" and reply.status == 200:
                        await self._writer.drain()
                        return
        except BadRequest as wrong:
            log.info("not RTSP: %s", wrong)
            self._writer.write(Reply(400).encode("0"))
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the client left: nothing to answer
        finally:
            self.end()
            with contextlib.suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(self._writer.wait_closed(), 1.0)

    def end(self) -> None:
        """Stop sending and close the connection."""
        if self._stream is not None and self._viewer is not None:
            self._stream.remove(self._viewer)
        self._playing = False
        self._writer.close()

    def _answer(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return Reply(200, {"Public": _METHODS})
        password = self._server.password
        if password is not None and not password.accepts(request):
            return Reply(401, password.challenge())
        match request.method:
            case "DESCRIBE":
                return self._describe(request)
            case "SETUP":
                return self._setup(request)
            case "PLAY":
                return self._play()
            case "TEARDOWN" | "GET_PARAMETER" | "SET_PARAMETER":
                return Reply(200, {"Session": self._id} if self._viewer else {})
            case _:
                return Reply(501, {"Public": _METHODS})

    def _describe(self, request: Request) -> Reply:
        name = _stream_name(request.url)
        stream = self._server.streams.get(name)
        if stream is None:
            return Reply(404)
        base = f"{self._server.url}{name}/"
        head = (
            f"v=0\r\no=- {stream.source} 1 IN IP4 {self._server.host}\r\ns={name}\r\nt=0 0\r\n"
            "a=control:*\r\na=range:npt=now-\r\n"
        )
        body = (head + stream.clip.sdp + "a=control:trackID=0\r\n").encode()
        return Reply(200, {"Content-Type": "application/sdp", "Content-Base": base}, body)

    def _setup(self, request: Request) -> Reply:
        name = _stream_name(request.url)
        stream = self._server.streams.get(name)
        if stream is None:
            return Reply(404)
        if self._playing:
            return Reply(455)
        for offer in request.headers.get("transport", "").split(","):
            answer = self._transport(offer.strip())
            if answer is not None:
                self._stream, self._name = stream, name
                transport = f"{answer};ssrc={stream.source:08X}"
                return Reply(200, {"Transport": transport, "Session": f"{self._id};timeout={_TIMEOUT}"})
        return Reply(461)

    def _transport(self, offer: str) -> str | None:
        """The answer to one offered transport, with the viewer made for it; None when it cannot be had."""
        if offer.startswith("RTP/AVP/TCP"):
            wanted = re.search(r"interleaved=(\d+)", offer)
            channel = int(wanted.group(1)) if wanted else 0
            if channel > 254:
                return None
            self._viewer = _TcpViewer(self._writer, channel, self._server)
            return f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        ports = re.search(r"client_port=(\d+)-(\d+)", offer)
        if offer.startswith("RTP/AVP") and "multicast" not in offer and ports:
            first, second = int(ports.group(1)), int(ports.group(2))
            if not (0 < first < 65536 and 0 < second < 65536):
                return None
            peer = str(self._writer.get_extra_info("peername")[0])
            self._viewer = _UdpViewer(peer, first, second, self._server)
            own = self._server.datagram_ports
            return f"RTP/AVP;unicast;client_port={first}-{second};server_port={own[0]}-{own[1]}"
        return None

    def _play(self) -> Reply:
        if self._stream is None or self._viewer is None:
            return Reply(455)
        headers = {"Session": self._id, "Range": "npt=now-"}
        if not self._playing:
            self._playing = True
            self._server.played[self._name] += 1
            # Sending is another task: its first packet comes after this reply, which is written first.
            sequence, timestamp = self._stream.add(self._viewer)
            track = f"{self._server.url}{self._name}/trackID=0"
            headers["RTP-Info"] = f"url={track};seq={sequence};rtptime={timestamp}"
        return Reply(200, headers)


def _interleave(channel: int, packet: bytes) -> bytes:
    return b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet


def _stream_name(url: str) -> str:
    """`gate` of `rtsp://host:port/gate/trackID=0`, with or without the track and any query."""
    path = urlsplit(url).path.strip("/")
    return path.removesuffix("trackID=0").strip("/")


def _datagram_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Two UDP sockets on an even port and the next, as RTP asks for."""
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    for _ in range(200):
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        rtp.bind((host, 0))
        port = rtp.getsockname()[1]
        try:
            rtcp.bind((host, port + 1 if port % 2 == 0 else port - 1))
        except OSError:
            rtp.close()
            rtcp.close()
            continue
        if port % 2:
            rtp, rtcp = rtcp, rtp
        for each in (rtp, rtcp):
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        return rtp, rtcp
    raise OSError("no free pair of UDP ports")


def _named_path(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_./-]*", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, Path(path)


async def _run(server: RtspServer, *, with_parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    if with_parent:
        on_parent_gone(lambda: loop.call_soon_threadsafe(stop.set))
    print(server.url, flush=True)
    await stop.wait()
    await server.close()


def main(arguments: list[str] | None = None) -> int:
    """The command; 2 when a file or the port cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m hub.demo.rtsp", description="Files become RTSP cameras.")
    parser.add_argument("--stream", action="append", required=True, type=_named_path, metavar="NAME=FILE")
    parser.add_argument("--host", default="127.0.0.1", help="IP address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--user", help=f"ask for this user; the password is in {PASSWORD_VARIABLE}")
    parser.add_argument(
        "--spread", type=float, default=0.0, help="seconds over which the streams' first pictures are spread"
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args(arguments)
    logging.basicConfig(
        level=os.environ.get("HUB_LOG", "info").upper(), format="rtsp: %(message)s", stream=sys.stderr
    )
    try:
        loaded = {path: load(path) for path in {path for _, path in args.stream}}  # many cameras may show one
        clips = {name: loaded[path] for name, path in args.stream}
        password = Password(args.user, os.environ.get(PASSWORD_VARIABLE, "")) if args.user else None
        server = RtspServer(clips, host=args.host, port=args.port, password=password, spread=args.spread)
        asyncio.run(_run(server, with_parent=args.with_parent))
    except (OSError, ValueError) as wrong:
        print(f"rtsp: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
