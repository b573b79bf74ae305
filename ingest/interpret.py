"""Interpret: from what a device said to readings: quantity, unit, sense of the value, and honest time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from ingest.errors import MalformedPayload
from ingest.payload import Observation, Value, as_number
from ingest.quantity import ALARM_OF, QUANTITIES, Quantity, quantity_of
from ingest.reading import Quality, Reading
from ingest.units import to_stored

AT = attrgetter("at")

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
"""Before this a device's clock was never set (1970, 2000)."""
AHEAD = timedelta(hours=24)
"""Further in the future than this a time is refused."""
SKEW = timedelta(minutes=2)
"""A device's clock may be ahead by this much; beyond it the clock is off and the reading `uncertain`."""
FRESH = timedelta(minutes=10)
"""Older than this on arrival, a value is history (`backfilled`), however new it is for the device."""

TRUE = frozenset(
    {"true", "on", "open", "opened", "1", "yes", "alarm", "detected", "wet", "pressed", "active"}
)
FALSE = frozenset(
    {"false", "off", "closed", "close", "0", "no", "normal", "clear", "dry", "released", "inactive"}
)


class Interpreted(NamedTuple):
    """What one message said about one device.

    Attributes:
        readings: In order of their time.
        refused: Values that make no sense; the rest of the message stands.
        extras: Fields without a quantity here (`linkquality`), as the device names them.
    """

    readings: tuple[Reading, ...]
    refused: tuple[MalformedPayload, ...]
    extras: tuple[str, ...]


def to_reading(
    observation: Observation,
    device: str,
    *,
    received_at: datetime,
    retained: bool = False,
    newest: datetime | None = None,
    message_id: str = "",
) -> Reading:
    """The reading of one observation of the registry's `device`.

    Args:
        observation: What the device said.
        device: Registry id.
        received_at: Arrival of the message (UTC).
        retained: The message is the broker's kept copy.
        newest: Time of the newest reading known of this device and quantity.
        message_id: What makes the message unique where it carries neither time nor identifier (Message.key).

    MalformedPayload: `unknown-quantity`, `wrong-type`, `wrong-unit`, `not-finite`, `absurd-value`, `absurd-time`.
    """
    meaning = meaning_of(observation)
    if meaning is None:
        raise MalformedPayload(
            "no quantity has this name", reason="unknown-quantity", where=observation.field
        )
    quantity, value = meaning[0], _value(observation, *meaning)
    at, quality, key = _Arrival(received_at, retained, newest, message_id).judge(observation.at)
    own = observation.message_id or key
    return Reading(device, quantity.word, value, quantity.unit, at, received_at, quality, own)


class _Arrival:
    """How one message came, and what the times in it are worth: each is judged once, nearly always one for all."""

    __slots__ = ("_message_id", "_newest", "_received_at", "_retained", "judged")

    def __init__(
        self, received_at: datetime, retained: bool, newest: datetime | None, message_id: str
    ) -> None:
        self._received_at = received_at
        self._retained = retained
        self._newest = newest
        self._message_id = message_id
        self.judged: dict[datetime | None, tuple[datetime, Quality, str]] = {}

    def judge(self, told: datetime | None) -> tuple[datetime, Quality, str]:
        """When a value was true that the device says was true at `told`, what that is worth, and the message's key.

        The key is empty where the time tells the message from others.
        """
        at, quality = _time(told, received_at=self._received_at, retained=self._retained, newest=self._newest)
        found = self.judged[told] = (at, quality, "" if told == at else self._message_id)
        return found


def meaning_of(observation: Observation) -> tuple[Quantity, str | None] | None:
    """The quantity and unit that an observation means, or None.

    True/false under the name of a number is a detector's alarm (`gas: true`), a switch (`power: "on"`) or a
    low-battery flag: only the alarms have a quantity.
    """
    found = quantity_of(observation.field)
    if found is None:
        return None
    quantity, unit = found
    if not quantity.boolean and truth(observation.value, digits=False) is not None:
        alarm = ALARM_OF.get(quantity.word)
        return None if alarm is None else (QUANTITIES[alarm], None)
    return quantity, observation.unit or unit


def interpret(
    observations: Iterable[Observation],
    device: str,
    *,
    received_at: datetime,
    retained: bool = False,
    newest: Mapping[str, datetime] | None = None,
    message_id: str = "",
) -> Interpreted:
    """All observations of one device in one message.

    `newest` maps quantities to the time of the newest reading known. Two different values of one quantity at
    one time are both refused (`ambiguous-quantity`): which of two probes is meant is not guessed.
    """
    readings: dict[tuple[str, datetime], tuple[Reading, str]] = {}
    refused: list[MalformedPayload] = []
    extras: list[str] = []
    ambiguous: set[tuple[str, datetime]] = set()
    arrival = _Arrival(received_at, retained, None, message_id)
    for observation in observations:
        _, field, said, said_unit, told, own_id = observation
        named = quantity_of(field)
        if named is None:
            extras.append(field)
            continue
        quantity, unit = named
        try:
            # nearly all values are plain: in their place, their type and their unit
            if type(said) is bool and quantity.boolean:
                value = float(said)
            elif (
                type(said) is float
                and said_unit is None
                and unit is None
                and not quantity.boolean
                and quantity.low <= said <= quantity.high
            ):
                value = said
            else:
                meaning = meaning_of(observation)
                if meaning is None:
                    extras.append(field)
                    continue
                quantity, value = meaning[0], _value(observation, *meaning)
            at, quality, key = arrival.judged.get(told) or arrival.judge(told)
        except MalformedPayload as wrong:
            refused.append(wrong)
            continue
        # half of what Reading(…) takes
        fields = (device, quantity.word, value, quantity.unit, at, received_at, quality, own_id or key)
        reading = tuple.__new__(Reading, fields)
        place = (quantity.word, at)
        other = readings.setdefault(place, (reading, field))
        if other[0].value != value:
            ambiguous.add(place)
            refused.append(_ambiguous(quantity.word, other[1], field))
    for place in ambiguous:
        del readings[place]
    found = [reading for reading, _ in readings.values()]
    if len(arrival.judged) > 1:
        found.sort(key=AT)
    if newest:
        found = [_judged(each, newest) for each in found]
    return Interpreted(tuple(found), tuple(refused), tuple(extras))


def truth(value: Value, *, digits: bool = True) -> bool | None:
    """True/false as devices write it, or None; `digits`: whether 0 and 1 count."""
    if isinstance(value, bool):
        return value
    if not digits and isinstance(value, float):
        return None
    text = value.strip().lower() if isinstance(value, str) else f"{value:g}"
    if text in {"0", "1"} and not digits:
        return None
    return True if text in TRUE else False if text in FALSE else None


def _judged(reading: Reading, newest: Mapping[str, datetime]) -> Reading:
    """What is older than the newest known is `backfilled`."""
    known = newest.get(reading.quantity)
    return reading if known is None or reading.at >= known else reading.as_history()


def _time(
    at: datetime | None, *, received_at: datetime, retained: bool, newest: datetime | None
) -> tuple[datetime, Quality]:
    if at is None:
        return received_at, "retained" if retained else "good"
    if at < EARLIEST or at > received_at + AHEAD:
        raise MalformedPayload(f"the device's clock says {at:%Y-%m-%d %H:%M}Z", reason="absurd-time")
    if retained:
        return min(at, received_at), "retained"
    if at > received_at + SKEW:
        return received_at, "uncertain"  # nothing is true before it was sent
    late = at < received_at - FRESH or (newest is not None and at < newest)
    return at, "backfilled" if late else "good"


def _value(observation: Observation, quantity: Quantity, unit: str | None) -> float:
    return _boolean(observation) if quantity.boolean else _number(observation, quantity, unit)


def _boolean(observation: Observation) -> float:
    value = truth(observation.value)
    if value is None:
        raise MalformedPayload(
            f"{str(observation.value)[:40]!r} is neither true nor false",
            reason="wrong-type",
            where=observation.field,
        )
    return float(value)


def _number(observation: Observation, quantity: Quantity, unit: str | None) -> float:
    try:
        number = as_number(observation.value)
    except ValueError:
        raise MalformedPayload(
            f"{str(observation.value)[:40]!r} is not a number", reason="wrong-type", where=observation.field
        ) from None
    if number - number != 0:  # NaN and the infinities
        raise MalformedPayload(f"{number} is not a value", reason="not-finite", where=observation.field)
    value = to_stored(number, unit, quantity.unit)
    if not quantity.low <= value <= quantity.high:
        raise MalformedPayload(
            f"{value:g} {quantity.unit} is no {quantity.word}",
            reason="absurd-value",
            where=observation.field,
            mend="check the device's unit",
        )
    return value


def _ambiguous(word: str, one: str, other: str) -> MalformedPayload:
    return MalformedPayload(
        f"{one} and {other} both say {word}, and differ",
        reason="ambiguous-quantity",
        where=other,
        mend="register each probe as a device of its own",
    )
