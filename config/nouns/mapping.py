"""Mapping: how a device that follows no convention is read: an expression for each quantity."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.fields import ShortText
from config.nouns.item import Item
from config.wording import meant
from ingest import mapped as edge
from ingest.errors import InvalidInput, MalformedPayload
from ingest.expression import parse
from ingest.quantity import QUANTITIES
from ingest.units import to_stored

MOST_VALUES = 50
"""Quantities of one mapping."""


def _expression(text: str) -> str:
    try:
        parse(text)
    except InvalidInput as wrong:
        raise ValueError(f"{wrong.message}; {wrong.mend}") from wrong
    return text


Written = Annotated[str, AfterValidator(_expression)]
"""A JMESPath expression."""


def _quantity(word: str) -> str:
    if word not in QUANTITIES:
        raise ValueError(f"{word!r} is no quantity; {meant(word, QUANTITIES, 'quantity')}")
    return word


QuantityWord = Annotated[str, AfterValidator(_quantity)]


def _time_format(form: str) -> str:
    sample = datetime(2026, 11, 22, 8, 9, 10, tzinfo=UTC)
    try:
        read = datetime.strptime(sample.strftime(form), form)  # noqa: DTZ007 - only its fields are looked at
    except ValueError:
        read = None
    if read is None or (read.year, read.month, read.day, read.hour) != (2026, 11, 22, 8):
        raise ValueError(f"{form!r} does not name a moment; write %Y-%m-%d %H:%M:%S or the like")
    return form


class MappedValue(Item):
    """Where one quantity is found; a bare text is the expression alone."""

    value: Written
    unit: ShortText | None = None
    unit_from: Written | None = None
    scale: float = Field(default=1.0)
    offset: float = 0.0

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if self.unit is not None and self.unit_from is not None:
            raise ValueError("the unit is said twice; give unit or unit_from")
        if self.scale == 0:
            raise ValueError("scale 0 would make every value the same; leave it out, or give a factor")
        return self


def _value(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


class Mapping(Item):
    """What the registry says of a device's messages."""

    values: dict[QuantityWord, Annotated[MappedValue, BeforeValidator(_value)]] = Field(
        min_length=1, max_length=MOST_VALUES
    )
    format: Literal["json", "text"] = "json"
    each: Written | None = None
    when: Written | None = None
    time: Written | None = None
    time_format: Annotated[ShortText, AfterValidator(_time_format)] | None = None
    id: Written | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.time_format is not None and self.time is None:
            raise ValueError("time_format without time; give time: the field that holds it")
        for word, each in self.values.items():
            quantity = QUANTITIES[word]
            if quantity.boolean and (each.unit or each.unit_from or (each.scale, each.offset) != (1.0, 0.0)):
                raise ValueError(f"{word} is true or false; take unit, unit_from, scale and offset out")
            try:
                to_stored(0.0, each.unit, quantity.unit)
            except MalformedPayload as wrong:
                what = f"the unit of {word}: {wrong.message}"
                raise ValueError(f"{what}; write {quantity.unit} or one that becomes it") from wrong
        return self


def mapped(device: str, topic: str, mapping: Mapping) -> edge.Mapped:
    """The mapping as the edge evaluates it."""
    return edge.Mapped(
        device=device,
        topic=topic,
        values=tuple(
            edge.MappedValue(
                quantity=word,
                value=parse(each.value),
                unit=each.unit,
                unit_from=None if each.unit_from is None else parse(each.unit_from),
                scale=each.scale,
                offset=each.offset,
            )
            for word, each in mapping.values.items()
        ),
        format=mapping.format,
        each=None if mapping.each is None else parse(mapping.each),
        when=None if mapping.when is None else parse(mapping.when),
        time=None if mapping.time is None else parse(mapping.time),
        time_format=mapping.time_format,
        id=None if mapping.id is None else parse(mapping.id),
    )
