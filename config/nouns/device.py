"""Device: a camera, sensor, gateway or loudspeaker node."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.fields import CameraUrl, Id, Name, OnvifUrl, RecorderUrl, ShortText, Topic
from config.nouns.item import Item
from config.nouns.mapping import Mapping
from config.secrets import MASK
from config.urls import holds_secret, split_credentials
from detectors.rule import Duration, ProbeKind
from detectors.tiling import parse_grid

MAPPED = "mapped"
"""The payload word of devices that follow no convention."""

BLIND = (timedelta(milliseconds=200), timedelta(seconds=4))
"""Longer, and a rule would take a quiet camera for one that is away."""


def _blind(length: timedelta) -> timedelta:
    if not BLIND[0] <= length <= BLIND[1]:
        raise ValueError("a quiet camera may go unseen for 200ms to 4s")
    return length


def _grid(text: str) -> str:
    return str(parse_grid(text))


class Onvif(Item):
    """Where a camera is asked by ONVIF; without a user, as the stream's."""

    url: OnvifUrl
    user: ShortText | None = None


class Preset(Item):
    """One place that a movable camera looks at; `token` is its token or name at the camera, its id if left out."""

    id: Id
    token: ShortText | None = None
    name: Name | None = None


def _preset(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class Device(Item):
    """What all devices share; `gateway` is the device that its messages come through."""

    id: Id
    site: Id
    name: Name | None = None
    gateway: Id | None = None


class Camera(Device):
    """A camera; user and password are kept apart from the address, the password is encrypted."""

    kind: Literal["camera"]
    url: CameraUrl
    fps: float = Field(default=5.0, gt=0, le=60)
    model: Id | None = None
    priority: Literal["life", "high", "normal", "low"] | None = None
    user: ShortText | None = None
    password: ShortText | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    gate: Literal["auto", "open"] = "auto"
    max_blind: Annotated[Duration, AfterValidator(_blind)] = timedelta(seconds=4)
    tiles: Annotated[ShortText, AfterValidator(_grid)] = "1x1"
    substream: CameraUrl | None = None
    playback: RecorderUrl | None = None
    onvif: Onvif | None = None
    onvif_password: ShortText | None = None
    presets: tuple[Annotated[Preset, BeforeValidator(_preset)], ...] = ()
    home_preset: Id | None = None
    return_after: Duration = timedelta(minutes=5)
    source_platform: ShortText | None = None
    room: Id | None = None
    purpose: ShortText | None = None
    legal_basis: ShortText | None = None
    owner: ShortText | None = None
    sign_posted: bool | None = None
    filed_no: ShortText | None = None

    @model_validator(mode="before")
    @classmethod
    def _credentials_apart(cls, value: object) -> object:
        """`rtsp://user:password@host/` is the same as an address with `user` and `password` beside it."""
        if not isinstance(value, dict):
            return value
        body = dict(value)
        for key in ("url", "substream"):
            if not isinstance(body.get(key), str):
                continue
            try:
                bare, user, password = split_credentials(body[key])
            except ValueError:
                continue  # the field's own validator says what is wrong with it
            for name, found in (("user", user), ("password", password)):
                if found is None:
                    continue
                if body.get(name) not in (None, found):
                    raise ValueError(f"{key} carries another {name} than the key {name}; give it once")
                body[name] = found
            body[key] = bare
        onvif = body.get("onvif")
        if isinstance(onvif, dict) and "password" in onvif:  # kept apart, as every secret is
            body["onvif"] = {key: each for key, each in onvif.items() if key != "password"}
            body.setdefault("onvif_password", onvif["password"])
        return body

    @model_validator(mode="after")
    def _presets_can_be_reached(self) -> Self:
        names = [each.id for each in self.presets]
        if self.presets and self.onvif is None:
            raise ValueError("presets are gone to by ONVIF; give `onvif: {url}`")
        if len(set(names)) < len(names):
            raise ValueError("a preset is there twice")
        if self.home_preset is not None and self.home_preset not in names:
            raise ValueError(f"home_preset {self.home_preset!r} is none of the presets")
        if self.presets and self.home_preset is None:
            raise ValueError("give `home_preset`, to which rules without a preset belong")
        return self

    def secret_keys(self) -> frozenset[str]:
        """The keys that are encrypted and never shown: the password, and addresses with one inside."""
        keys = {"password", "onvif_password"}
        for key, url in (("url", self.url), ("substream", self.substream), ("playback", self.playback)):
            if url and (url == MASK or holds_secret(url) or split_credentials(url)[2] is not None):
                keys.add(key)
        return frozenset(keys)

    def host(self) -> str:
        """Where user and password are sent; empty while the address itself is a secret."""
        netloc = urlsplit(self.url).netloc.lower()
        return (
            netloc
            if self.onvif is None
            else f"{netloc} {urlsplit(self.onvif.url).netloc.lower()} {self.onvif.user}"
        )


class Sensor(Device):
    """A sensor behind MQTT: `topic` binds it; `external_id` is its name where many share one topic.

    `mapping` says where its values are, for `payload: mapped`: devices that follow no convention. `offsets` are
    added to what it measures (quantity to offset, in the stored unit), before any rule sees it.
    """

    kind: Literal["sensor"]
    payload: Id = "native"
    topic: Topic | None = None
    external_id: ShortText | None = None
    mapping: Mapping | None = None
    room: Id | None = None
    probe: ProbeKind | None = None
    offsets: dict[Id, Annotated[float, Field(ge=-1000, le=1000)]] = Field(default_factory=dict, max_length=20)
    calibration_due: date | None = None

    @model_validator(mode="after")
    def _bound(self) -> Self:
        if self.payload == MAPPED and (self.mapping is None or self.topic is None):
            raise ValueError("a mapped device needs its topic and its mapping; give both")
        if self.payload != MAPPED and self.mapping is not None:
            raise ValueError(f"a {self.payload} device is read by its convention; write payload: {MAPPED}")
        if self.payload == MAPPED and self.external_id is not None:
            raise ValueError("external_id means nothing to a mapping; write mapping: {when: …}")
        if self.payload != "native" and self.topic is None and self.external_id is None:
            raise ValueError(
                f"a {self.payload} device cannot be told apart; give its topic, or external_id (its name there)"
            )
        return self


class Gateway(Sensor):
    """A gateway: its own health arrives like a sensor's."""

    kind: Literal["gateway"]  # type: ignore[assignment] # the word is what tells a gateway from a sensor


class Speaker(Device):
    """A loudspeaker node; it speaks the native convention under hub/v1/<site>/<id>/."""

    kind: Literal["speaker"]


AnyDevice = Camera | Sensor | Gateway | Speaker
DEVICE_KINDS: dict[str, type[Camera | Sensor | Gateway | Speaker]] = {
    "camera": Camera,
    "sensor": Sensor,
    "gateway": Gateway,
    "speaker": Speaker,
}
