"""Interpret: from what a device said to readings: quantity, unit, sense of the value, and honest time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ingest.errors import MalformedPayload
from ingest.payload import Observation, Value, as_number
from ingest.quantity import ALARM_OF, QUANTITIES, Quantity, quantity_of
from ingest.reading import Quality, Reading
from ingest.units import to_stored

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


@dataclass(frozen=True, slots=True)
class Interpreted:
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
    return _meant(observation, meaning, device, received_at, retained, newest, message_id)


def _meant(  # noqa: PLR0917 - called twice, here
    observation: Observation,
    meaning: tuple[Quantity, str | None],
    device: str,
    received_at: datetime,
    retained: bool,
    newest: datetime | None,
    message_id: str,
) -> Reading:
    quantity, unit = meaning
    value = _boolean(observation) if quantity.boolean else _number(observation, quantity, unit)
    at, quality = _time(observation.at, received_at=received_at, retained=retained, newest=newest)
    return Reading(
        device=device,
        quantity=quantity.word,
        value=value,
        unit=quantity.unit,
        at=at,
        received_at=received_at,
        quality=quality,
        message_id=observation.message_id or ("" if observation.at == at else message_id),
    )


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
    for observation in observations:
        meaning = meaning_of(observation)
        if meaning is None:
            extras.append(observation.field)
            continue
        try:
            reading = _meant(observation, meaning, device, received_at, retained, None, message_id)
        except MalformedPayload as wrong:
            refused.append(wrong)
            continue
        key = (reading.quantity, reading.at)
        other = readings.setdefault(key, (reading, observation.field))
        if other[0].value != reading.value:
            ambiguous.add(key)
            refused.append(_ambiguous(reading.quantity, other[1], observation.field))
    for key in ambiguous:
        del readings[key]
    return Interpreted(_in_order(readings, newest or {}), tuple(refused), tuple(extras))


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


def _in_order(
    readings: Mapping[tuple[str, datetime], tuple[Reading, str]], newest: Mapping[str, datetime]
) -> tuple[Reading, ...]:
    """By time; what is older than the newest known is `backfilled`."""
    if len(readings) == 1 and not newest:
        return tuple(reading for reading, _ in readings.values())
    return tuple(
        replace(reading, quality="backfilled")
        if reading.quality == "good" and reading.quantity in newest and reading.at < newest[reading.quantity]
        else reading
        for reading, _ in sorted(readings.values(), key=lambda each: each[0].at)
    )


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
