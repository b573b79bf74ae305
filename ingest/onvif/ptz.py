"""PTZ: one movable camera over ONVIF: its presets, where it looks, and to look there.

Blocking; every call has a timeout, and raises CameraUnreachable.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import httpx

from ingest.errors import CameraUnreachable
from ingest.onvif.soap import LARGEST, SPACES, envelope, read

TIMEOUT = httpx.Timeout(3.0, connect=2.0)


@dataclass(frozen=True, slots=True)
class Position:
    """Pan, tilt and zoom in the camera's own units (ONVIF: -1 to 1, zoom 0 to 1)."""

    pan: float
    tilt: float
    zoom: float

    def near(self, other: Position, within: float = 0.02) -> bool:
        """Whether both are the same place, as exactly as motors come back to it."""
        mine, theirs = (self.pan, self.tilt, self.zoom), (other.pan, other.tilt, other.zoom)
        return all(abs(a - b) <= within for a, b in zip(mine, theirs, strict=True))


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset as the camera has it; not every camera says where it is."""

    token: str
    name: str
    position: Position | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where it looks (None: it does not say) and whether it is moving."""

    position: Position | None
    moving: bool


class Ptz:
    """A session with one camera; opens nothing until it is asked. One thread at a time."""

    def __init__(self, url: str, user: str | None, password: str, *, clock: Callable[[], datetime]) -> None:
        self._url = url
        self._user, self._password = user, password
        self._clock = clock
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)
        self._ahead: timedelta | None = None
        self._ptz = self._profile = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def offset(self) -> float:
        """Seconds by which the camera's clock is ahead of ours; asked without a password, as ONVIF has it."""
        before = self._clock()
        body = self._ask(self._url, "<tds:GetSystemDateAndTime/>", signed=False)
        utc = body.find(".//tt:UTCDateTime", SPACES)
        fields = (
            "Date/tt:Year",
            "Date/tt:Month",
            "Date/tt:Day",
            "Time/tt:Hour",
            "Time/tt:Minute",
            "Time/tt:Second",
        )
        try:
            numbers = [int(_text(utc, f"tt:{name}")) for name in fields]
            theirs = datetime(*numbers[:3], *numbers[3:], tzinfo=UTC)  # type: ignore[misc, arg-type] # six whole numbers
        except (TypeError, ValueError):
            raise self._garbage("it says no time") from None
        self._ahead = theirs - (before + (self._clock() - before) / 2)
        return self._ahead.total_seconds()

    def presets(self) -> tuple[Preset, ...]:
        """What is set at the camera."""
        self._find()
        body = self._ask(self._ptz, f"<tptz:GetPresets>{self._which()}</tptz:GetPresets>")
        return tuple(
            Preset(
                each.get("token", ""), _text(each, "tt:Name"), _position(each.find("tt:PTZPosition", SPACES))
            )
            for each in body.iterfind(".//tptz:Preset", SPACES)
        )

    def goto(self, token: str) -> None:
        """Look there; returns when the camera has begun to move."""
        self._find()
        which = f"{self._which()}<tptz:PresetToken>{escape(token)}</tptz:PresetToken>"
        self._ask(self._ptz, f"<tptz:GotoPreset>{which}</tptz:GotoPreset>")

    def status(self) -> Status:
        """Where it looks now."""
        self._find()
        body = self._ask(self._ptz, f"<tptz:GetStatus>{self._which()}</tptz:GetStatus>")
        found = body.find(".//tptz:PTZStatus", SPACES)
        if found is None:
            raise self._garbage("it says no status")
        moving = any("MOVING" in (each.text or "") for each in found.iterfind("tt:MoveStatus/*", SPACES))
        return Status(_position(found.find("tt:Position", SPACES)), moving)

    def _which(self) -> str:
        return f"<tptz:ProfileToken>{escape(self._profile)}</tptz:ProfileToken>"

    def _find(self) -> None:
        """Where its services are, and the first profile that can be moved; once."""
        if self._profile:
            return
        if self._ahead is None:
            self.offset()
        asked = "<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>"
        body = self._ask(self._url, asked)
        ptz, media = (_text(body, f".//tt:{name}/tt:XAddr") for name in ("PTZ", "Media"))
        if not ptz or not media:
            raise CameraUnreachable("the camera has no PTZ (ONVIF)", reason="no-ptz", where=self._where())
        self._ptz = self._here(ptz)
        for each in self._ask(self._here(media), "<trt:GetProfiles/>").iterfind(".//trt:Profiles", SPACES):
            if each.find("tt:PTZConfiguration", SPACES) is not None:
                self._profile = each.get("token", "")
                return
        raise CameraUnreachable("no profile of the camera can be moved", reason="no-ptz", where=self._where())

    def _here(self, address: str) -> str:
        """The path that the camera names, at the host that it was reached at: it may know its own address wrongly."""
        ours = urlsplit(self._url)
        return urlsplit(address)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()

    def _ask(self, url: str, body: str, *, signed: bool = True) -> Element:
        at = self._clock() + (self._ahead or timedelta(0))
        user = self._user if signed else None
        content = envelope(body, user=user, password=self._password, nonce=secrets.token_bytes(16), at=at)
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        try:
            with self._client.stream("POST", url, content=content, headers=headers) as response:
                answer = bytearray()
                for part in response.iter_bytes():
                    answer += part
                    if len(answer) > LARGEST:
                        break
                if response.status_code == 401:
                    raise CameraUnreachable(
                        "user or password is not accepted (ONVIF)", reason="unauthorized", where=self._where()
                    )
        except httpx.TimeoutException:
            raise CameraUnreachable(
                "no answer in time (ONVIF)", reason="timeout", where=self._where()
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as wrong:
            what = f"cannot be asked (ONVIF): {type(wrong).__name__}"
            raise CameraUnreachable(what, reason="refused", where=self._where()) from None
        return read(bytes(answer), where=self._where())

    def _where(self) -> str:
        return urlsplit(self._url).netloc.rpartition("@")[2]

    def _garbage(self, what: str) -> CameraUnreachable:
        return CameraUnreachable(f"{what} (ONVIF)", reason="garbage", where=self._where())


def _text(of: Element | None, path: str) -> str:
    found = None if of is None else of.find(path, SPACES)
    return "" if found is None else (found.text or "").strip()


def _position(of: Element | None) -> Position | None:
    """None when it says none, or half of one."""
    turn = None if of is None else of.find("tt:PanTilt", SPACES)
    zoom = None if of is None else of.find("tt:Zoom", SPACES)
    try:
        return (
            None
            if turn is None
            else Position(
                float(turn.get("x", "")),
                float(turn.get("y", "")),
                0.0 if zoom is None else float(zoom.get("x", "")),
            )
        )
    except ValueError:
        return None
