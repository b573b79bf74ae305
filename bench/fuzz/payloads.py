"""Payloads: what is sent, and what must come of it, decided here from how it was made and not by the hub's code.

Every value is sent once in a run, so that a stored one names the message that it came from.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bench.fuzz.devices import ADOPTED, DEVICES, FRAMES, Device

Must = Literal["stored", "nothing"]
LOW, STEP = -20.0, 0.0002
"""Values go up from LOW by STEP: 150,000 of them stay below what the one rule raises at."""
COARSE = "iotda-1"
"""It tells times to the second."""
LATE = timedelta(hours=3)
EARLY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message.

    Attributes:
        kind: How it was made.
        topic: Where.
        payload: The bytes.
        value: What must be stored of it, or None: nothing.
        device: Of which device; empty: of the adopted one.
        at: Under which time; None: its arrival.
        qualities: What the reading may be.
    """

    kind: str
    topic: str
    payload: bytes
    value: float | None = None
    device: str = ""
    at: datetime | None = None
    qualities: tuple[str, ...] = ()


class Maker:
    """Makes messages from one seed."""

    def __init__(self, seed: int, filters: Sequence[str]) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - garbage is no secret
        self._filters = list(filters)
        self._n = 0
        self._told: dict[tuple[str, str], datetime] = {}
        self._kinds: Mapping[str, tuple[int, Callable[[Device, datetime], Sent | None]]] = {
            "good": (16, self._good),
            "text for a number": (4, self._text),
            "late": (4, self._late),
            "clock ahead": (3, self._ahead),
            "deep beside a good value": (2, self._deep_beside),
            "a digit flipped": (4, self._digit),
            "1970, 2000, 2106": (6, self._clock),
            "random bytes": (8, self._bytes),
            "truncated": (10, self._truncated),
            "more after the end": (3, self._more),
            "a byte flipped": (6, self._flipped),
            "wrong type": (8, self._type),
            "NaN and infinity": (5, self._nan),
            "absurd value": (5, self._absurd),
            "a key twice": (3, self._twice),
            "deep": (1, self._deep),
            "frames and events": (8, self._frame),
            "strangers": (12, self._stranger),
        }

    def messages(self, number: int, now: Callable[[], datetime]) -> Iterator[Sent]:
        """So many; huge ones are one in 500."""
        kinds = list(self._kinds)
        weights = [weight for weight, _ in self._kinds.values()]
        devices = (*DEVICES, ADOPTED)
        made = 0
        while made < number:
            device = self._rng.choice(devices)
            if self._rng.random() < 0.002:
                sent: Sent | None = self._huge(device, now())
            else:
                [kind] = self._rng.choices(kinds, weights)
                sent = self._kinds[kind][1](device, now())
            if sent is not None:
                made += 1
                yield sent

    # -- what must be stored -------------------------------------------------------------------------------

    def value(self) -> float:
        """The next value that nobody has sent."""
        self._n += 1
        return round(LOW + self._n * STEP, 4)

    def _stored(
        self, kind: str, device: Device, body: object, value: float, at: datetime | None, *quality: str
    ) -> Sent:
        return Sent(kind, device.topic, _bytes(body), value, device.id, _shown(device, at), quality)

    def _good(self, device: Device, now: datetime) -> Sent:
        value, at = self.value(), self._own_time(device, now)
        return self._stored("good", device, device.say(value, at), value, at, "good", "backfilled")

    def _text(self, device: Device, now: datetime) -> Sent | None:
        if device.id == "senml-1":
            return None
        value, at = self.value(), self._own_time(device, now)
        said = device.say(str(value), at)
        return self._stored("text for a number", device, said, value, at, "good", "backfilled")

    def _late(self, device: Device, now: datetime) -> Sent | None:
        if not device.timed:
            return None
        value, at = self.value(), self._own_time(device, now - LATE, late=True)
        return self._stored("late", device, device.say(value, at), value, at, "backfilled")

    def _ahead(self, device: Device, now: datetime) -> Sent | None:
        """Nothing is true before it was sent: it is stored under its arrival."""
        if not device.timed:
            return None
        value = self.value()
        said = device.say(value, self._unsaid(device, "ahead", now + EARLY))
        return self._stored("clock ahead", device, said, value, None, "uncertain")

    def _deep_beside(self, device: Device, now: datetime) -> Sent | None:
        """A field that means nothing and goes down forty levels disturbs no other."""
        value, at = self.value(), self._own_time(device, now)
        said = device.say(value, at)
        if not isinstance(said, dict) or device.id == "tbg-1":  # there every key is a device
            return None
        nested: object = 1
        for _ in range(40):
            nested = {"x": nested}
        return self._stored(
            "deep beside a good value", device, {**said, "nested": nested}, value, at, "good", "backfilled"
        )

    def _digit(self, device: Device, now: datetime) -> Sent | None:
        """Another digit is another value, and that is what must be stored."""
        value, at = self.value(), self._own_time(device, now)
        other = self.value()
        text = json.dumps(device.say(value, at)).replace(json.dumps(value), json.dumps(other))
        return Sent("a digit flipped", device.topic, text.encode(), other, device.id, _shown(device, at),
                    ("good", "backfilled"))  # fmt: skip

    # -- what must not be stored ---------------------------------------------------------------------------

    def _clock(self, device: Device, now: datetime) -> Sent | None:
        if not device.timed:
            return None
        wrong = self._rng.choice(
            [
                datetime(1970, 1, 1, 0, 0, self._rng.randrange(60), tzinfo=UTC),
                datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=self._rng.randrange(10**6)),
                datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC),
                now + timedelta(days=2),
                datetime(9999, 12, 31, tzinfo=UTC),
            ]
        )
        return Sent("1970, 2000, 2106", device.topic, _bytes(device.say(self.value(), wrong)))

    def _bytes(self, device: Device, now: datetime) -> Sent:  # noqa: ARG002 - one shape for all
        """They begin with what no UTF-8 text begins with."""
        return Sent("random bytes", device.topic, b"\xff" + self._rng.randbytes(self._rng.randrange(400)))

    def _truncated(self, device: Device, now: datetime) -> Sent:
        """No object or array is one without its end."""
        whole = _bytes(device.say(self.value(), now))
        return Sent("truncated", device.topic, whole[: self._rng.randrange(1, len(whole))])

    def _more(self, device: Device, now: datetime) -> Sent:
        whole = _bytes(device.say(self.value(), now))
        return Sent("more after the end", device.topic, whole + self._rng.choice([b"}", b",", b" 1", whole]))

    def _flipped(self, device: Device, now: datetime) -> Sent | None:
        """Only where what comes of it is no JSON: else what it means would be for the hub's code to say."""
        whole = bytearray(_bytes(device.say(self.value(), now)))
        whole[self._rng.randrange(len(whole))] = self._rng.randrange(256)
        try:
            json.loads(bytes(whole))
        except ValueError:
            return Sent("a byte flipped", device.topic, bytes(whole))
        return None

    def _type(self, device: Device, now: datetime) -> Sent:
        wrong: list[object] = [
            None,
            [],
            {},
            [4.2],
            {"v": 4.2},
            "warm",
            "",
            " ",
            "4,2",
            "0x10",
            "1_0",
            True,
            "４.２x",
        ]
        return Sent("wrong type", device.topic, _bytes(device.say(self._rng.choice(wrong), now)))

    def _nan(self, device: Device, now: datetime) -> Sent:
        value = self.value()
        token = self._rng.choice(
            ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", '"NaN"', '"inf"', '"-1e999"', "9" * 400]
        )
        text = json.dumps(device.say(value, now)).replace(json.dumps(value), token)
        return Sent("NaN and infinity", device.topic, text.encode())

    def _absurd(self, device: Device, now: datetime) -> Sent:
        wrong = self._rng.choice([4000, -300, 1e300, -1e300, 1e18, 601, -80.5, "4000"])
        return Sent("absurd value", device.topic, _bytes(device.say(wrong, now)))

    def _twice(self, device: Device, now: datetime) -> Sent:
        """Which of the two would be true?"""
        text = json.dumps(device.say(self.value(), now))
        at = text.index("{") + 1
        first = text[at : text.index(":", at)]
        return Sent("a key twice", device.topic, f"{text[:at]}{first}: {self.value()}, {text[at:]}".encode())

    def _deep(self, device: Device, now: datetime) -> Sent:  # noqa: ARG002 - one shape for all
        n = self._rng.choice([500, 5_000, 60_000])
        opened = self._rng.choice([b"[", b'{"values":', b'{"a":[', b'[{"temperature":'])
        return Sent("deep", device.topic, opened * (n // len(opened)))

    def _frame(self, device: Device, now: datetime) -> Sent:  # noqa: ARG002 - one shape for all
        """Of devices whose messages are no fields with names."""
        _, topic, whole = self._rng.choice(list(FRAMES.values()))
        enemies = [
            b"\xff" + self._rng.randbytes(self._rng.randrange(300)),
            b"[" * self._rng.choice([500, 60_000]),
            b"##9999" + b"ST=22;" * self._rng.randrange(200),
            b"\x7e\x7e" + self._rng.randbytes(self._rng.randrange(60)),
            ENTITIES,
            b"<a>" * 5_000,
            b'{"type": NaN, "after": ' + b"9" * 5_000 + b"}",
        ]
        if whole:
            enemies += [whole[: self._rng.randrange(len(whole))] for _ in range(4)]
        return Sent("frames and events", topic, self._rng.choice(enemies))

    def _huge(self, device: Device, now: datetime) -> Sent:
        """A text of a third of a megabyte, or of a whole one, beside a value that would be good."""
        said = device.say(self.value(), now)
        size = self._rng.choice([300_000, 300_000, 1_000_000])
        entry = said[0] if isinstance(said, list) else said
        huge = {**(entry if isinstance(entry, dict) else {}), "padding": "x" * size}
        return Sent("huge", device.topic, _bytes([huge] if isinstance(said, list) else huge))

    def _stranger(self, device: Device, now: datetime) -> Sent:
        """Anything at all on any topic of any convention, of devices that nobody knows: nothing is stored of it."""
        if self._rng.random() < 0.4:  # a flood of names that are understood, and made up
            topic = self._rng.choice(
                ["zigbee2mqtt/{}", "hub/v1/s1/{}/telemetry", "{}/v1/devices/me/telemetry"]
            )
            return Sent("strangers", topic.format(self._word()), _bytes({"temperature": self.value()}))
        topic = "/".join(self._level(level) for level in self._rng.choice(self._filters).split("/"))
        body = self._document(3)
        if self._rng.random() < 0.3:
            body = device.say(self.value(), now)
            if device.id == "tbg-1":
                body = {self._word(): body["G 1"]} if isinstance(body, dict) else body
            if device.id == "lora-1" and isinstance(body, dict):
                body["deviceInfo"] = {"devEui": f"{self._rng.getrandbits(64):016x}"}
        return Sent("strangers", topic, _bytes(body))

    # -- small parts ---------------------------------------------------------------------------------------

    def _own_time(self, device: Device, now: datetime, *, late: bool = False) -> datetime | None:
        """A time that this device has not said before: two values of one moment are one to the hub, and meant to be."""
        if not device.timed:
            return None
        if device.id == COARSE:  # so many seconds are not over yet: its messages are all history
            now = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2 if late else 1)
        return self._unsaid(device, "late" if late else "now", now)

    def _unsaid(self, device: Device, clock: str, at: datetime) -> datetime:
        """This moment, or the first after it that the device has not said by this clock: identifiers hang on it."""
        tick = timedelta(seconds=1) if device.id == COARSE else timedelta(milliseconds=1)
        last = self._told.get((device.id, clock), datetime.min.replace(tzinfo=UTC))
        self._told[device.id, clock] = max(at.replace(microsecond=at.microsecond // 1000 * 1000), last + tick)
        return self._told[device.id, clock]

    def _level(self, level: str) -> str:
        if level == "#":
            return "/".join(self._word() for _ in range(self._rng.randrange(1, 4)))
        return self._word() if level == "+" else level

    def _word(self) -> str:
        return "x" + "".join(self._rng.choices(string.ascii_lowercase + string.digits + "-._ 水", k=6))

    def _document(self, depth: int) -> object:
        kind = self._rng.randrange(9 if depth else 7)
        if kind == 7:
            return [self._document(depth - 1) for _ in range(self._rng.randrange(4))]
        if kind == 8 or depth == 3:
            return {self._rng.choice(WORDS): self._document(depth - 1) for _ in range(self._rng.randrange(5))}
        scalars: list[object] = [
            None, True, self._rng.randrange(-(10**6), 10**6), self._rng.random() * 100, self._word(), "ON",
            "{{ value_json.__class__ }}",
        ]  # fmt: skip
        return scalars[kind]


WORDS = (
    "ts", "values", "temperature", "Time", "DS18B20", "Temperature", "battery", "contact", "action", "last_seen",
    "state", "device", "deviceInfo", "devEui", "time", "object", "services", "service_id", "properties", "event_time",
    "params", "value", "id", "devices", "device_id", "state_topic", "stat_t", "val_tpl", "dev", "ids", "cmps", "p",
    "~", "unit_of_measurement", "POWER", "uplink_message", "decoded_payload", "bn", "bt", "n", "t", "u", "v", "gas",
    "eventType", "metrics", "after", "type", "data", "message", "topic", "event_id",
)  # fmt: skip
"""Keys of all conventions."""


ENTITIES = (
    b"<!DOCTYPE a ["
    + b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (n + 1, n, n) for n in range(30))
    + b"]><a>&e30;</a>"
)
"""A thousand million of them, if anybody followed."""


def _shown(device: Device, at: datetime | None) -> datetime | None:
    return at.replace(microsecond=0) if at is not None and device.id == COARSE else at


def _bytes(body: object) -> bytes:
    return json.dumps(body).encode()
