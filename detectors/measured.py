"""Measured: what rules over one quantity share: which readings count, and a band that a value is in or not."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from detectors import words
from detectors.rule import Duration, RuleParams
from ingest.errors import MalformedPayload
from ingest.reading import Reading
from ingest.text import Text

SLEEP = timedelta(hours=26)
"""Battery devices may be silent for 25 h; a `silence` rule says earlier that a device is gone."""


class MeasuredParams(RuleParams):
    """A rule over one quantity.

    Attributes:
        quantity: Word of the quantities' table.
        no_data_after: Without a usable reading for this long nothing is known.
    """

    quantity: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    no_data_after: Duration = SLEEP


class BandParams(MeasuredParams):
    """A rule about a band of values: over `above` and under `below`, or a true/false state.

    Attributes:
        above: In the band over this, in the quantity's stored unit.
        below: In the band under this; with both, between them.
        equals: For a true/false quantity: in the band while it is this.
    """

    above: float | None = Field(default=None, allow_inf_nan=False)
    below: float | None = Field(default=None, allow_inf_nan=False)
    equals: bool | None = None

    @model_validator(mode="after")
    def _a_band(self) -> Self:
        bounds = self.above is not None or self.below is not None
        if bounds == (self.equals is not None):
            raise ValueError("give `above`, `below` or both; or `equals` for a true/false quantity")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"there is nothing above {self.above:g} and below {self.below:g}")
        return self

    def holds(self, value: float) -> bool:
        """Whether a value is in the band; the bounds themselves are not."""
        if self.equals is not None:
            return bool(value) == self.equals
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)

    def band(self, unit: str) -> Text:
        """The band in words: `温度高于 8 °C 且低于 60 °C`, `temperature above 8 °C and below 60 °C`."""
        if self.equals is not None:
            return words.state(self.quantity, self.equals)
        name = words.quantity(self.quantity)
        zh, en = [], []
        if self.above is not None:
            zh.append(f"高于 {words.number(self.above, unit)}")
            en.append(f"above {words.number(self.above, unit)}")
        if self.below is not None:
            zh.append(f"低于 {words.number(self.below, unit)}")
            en.append(f"below {words.number(self.below, unit)}")
        return Text(f"{name.zh}{' 且'.join(zh)}", f"{name.en} {' and '.join(en)}")


def counts(reading: Reading, quantity: str, latest: datetime | None) -> bool:
    """Whether a reading may change what a rule over `quantity` knows, of which `latest` is the newest so far.

    Raises MalformedPayload for a value that is no finite number: it must neither raise nor clear anything.
    """
    if reading.quality != "good" or reading.quantity != quantity:
        return False
    if not math.isfinite(reading.value):
        raise MalformedPayload(
            f"{reading.quantity} is {reading.value}",
            reason="absurd-value",
            where=reading.device,
            mend="send a finite number",
        )
    return latest is None or reading.at >= latest


def no_reading(quantity: str) -> Text:
    """What a rule says that knows nothing."""
    name = words.quantity(quantity)
    return Text(f"没有可用的“{name.zh}”读数", f"no usable reading of {name.en}")


def only_for(params: RuleParams, instead: str, *names: str) -> None:
    """Raises ValueError when `raise_after` or `clear_after` is given to a rule that has `instead` for it."""
    for name in names:
        if getattr(params, name):
            raise ValueError(f"`{instead}` says how long; leave out `{name}`")
