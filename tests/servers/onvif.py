"""A small ONVIF camera over real HTTP: presets, status, time; it checks the password digest, and takes time to move."""

from __future__ import annotations

import base64
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from ingest.onvif.soap import digest

USER, PASSWORD = "driver", "s3cr3t"
MOVES_FOR = 0.5
"""Seconds from one preset to another."""
PRESETS = {"1": ("Gate", (-0.5, 0.1, 0.0)), "2": ("Road", (0.5, 0.2, 0.3))}
HEAD = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl"><s:Body>'
)
DENIED = "<s:Fault><s:Code><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault>"
FAULT = "<s:Fault><s:Reason><s:Text>no such thing</s:Text></s:Reason></s:Fault>"


def _tag(name: str, content: object) -> str:
    return f"<tt:{name}>{content}</tt:{name}>"


class OnvifServer:
    """One camera; `positions=False`: it does not say where its presets are; `ahead`: how wrong its clock is."""

    def __init__(
        self, *, positions: bool = True, ahead: timedelta = timedelta(0), answer: bytes | None = None
    ) -> None:
        self.positions, self.ahead, self.answer = positions, ahead, answer
        self.at = (0.0, 0.0, 0.0)
        self.moved_at = 0.0
        self.asked: list[str] = []
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                content = camera.answer or (HEAD + camera.reply(body) + "</s:Body></s:Envelope>").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/onvif/device_service"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def drive(self, pan: float, tilt: float, zoom: float = 0.0) -> None:
        """Somebody turns it by hand."""
        self.at, self.moved_at = (pan, tilt, zoom), time.monotonic()

    def reply(self, body: str) -> str:
        """What it answers to one request."""
        found = re.search(r"<s:Body><(?:\w+:)?(\w+)", body)
        asked = found.group(1) if found else ""
        self.asked.append(asked)
        if asked == "GetSystemDateAndTime":
            return self._time()
        if not self._knows(body):
            return DENIED
        if asked == "GetCapabilities":
            return "".join(_tag(name, _tag("XAddr", f"http://192.0.2.9/{name}")) for name in ("Media", "PTZ"))
        if asked == "GetProfiles":
            still, movable = (
                '<trt:Profiles token="p0"/>',
                '<trt:Profiles token="p1"><tt:PTZConfiguration/></trt:Profiles>',
            )
            return f"<trt:GetProfilesResponse>{still}{movable}</trt:GetProfilesResponse>"
        if "<tptz:ProfileToken>p1</tptz:ProfileToken>" not in body:
            return FAULT
        if asked == "GetPresets":
            rows = "".join(self._preset(token, name, at) for token, (name, at) in PRESETS.items())
            return f"<tptz:GetPresetsResponse>{rows}</tptz:GetPresetsResponse>"
        if asked == "GotoPreset":
            token = re.search(r"<tptz:PresetToken>(\w+)<", body)
            if token is None or token.group(1) not in PRESETS:
                return FAULT
            self.drive(*PRESETS[token.group(1)][1])
            return "<tptz:GotoPresetResponse/>"
        if asked == "GetStatus":
            word = "MOVING" if time.monotonic() - self.moved_at < MOVES_FOR else "IDLE"
            moving = f"<tt:MoveStatus><tt:PanTilt>{word}</tt:PanTilt></tt:MoveStatus>"
            place = self._position("Position", self.at)
            return f"<tptz:GetStatusResponse><tptz:PTZStatus>{place}{moving}</tptz:PTZStatus></tptz:GetStatusResponse>"
        return FAULT

    def _time(self) -> str:
        now = datetime.now(UTC) + self.ahead
        clock = _tag("Time", _tag("Hour", now.hour) + _tag("Minute", now.minute) + _tag("Second", now.second))
        day = _tag("Date", _tag("Year", now.year) + _tag("Month", now.month) + _tag("Day", now.day))
        return _tag("SystemDateAndTime", _tag("UTCDateTime", clock + day))

    def _knows(self, body: str) -> bool:
        """Whether user and digest are right, and the token is of now by this camera's own clock."""
        names = ("Username", "Password", "Nonce", "Created")
        found = {name: re.search(rf"<\w+:{name}(?:\s[^>]*)?>([^<]*)<", body) for name in names}
        if not all(found.values()):
            return False
        user, given, nonce, created = (each.group(1) if each else "" for each in found.values())
        at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        fresh = abs((datetime.now(UTC) + self.ahead - at).total_seconds()) < 10
        return user == USER and fresh and given == digest(base64.b64decode(nonce), created, PASSWORD)

    def _preset(self, token: str, name: str, at: tuple[float, float, float]) -> str:
        place = self._position("PTZPosition", at) if self.positions else ""
        return f'<tptz:Preset token="{token}">{_tag("Name", name)}{place}</tptz:Preset>'

    @staticmethod
    def _position(name: str, at: tuple[float, float, float]) -> str:
        return f'<tt:{name}><tt:PanTilt x="{at[0]}" y="{at[1]}"/><tt:Zoom x="{at[2]}"/></tt:{name}>'
