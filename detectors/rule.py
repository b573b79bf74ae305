"""Rule: a pure condition over readings or tracks: observe() folds in what came, level() says what holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from detectors.signal import Severity, SignalState
from detectors.track import Track
from ingest.duration import format_duration, parse_duration
from ingest.reading import Reading
from ingest.text import Text

Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)
]
"""`30s`, `10m`, `4h`, `2d` in files; a timedelta in code."""

ProbeKind = Literal["air", "core"]
"""What a temperature probe is in: the air of a room or cabinet, or the core of the food."""

RuleState = Mapping[str, object]
"""What a rule remembers between calls: JSON-like, because it is stored with the readings it came from."""


class RuleParams(BaseModel):
    """What every rule of the registry carries, whatever its kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    kind: str
    condition: str | None = None
    devices: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    site_kinds: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    severity: Severity = "minor"
    raise_after: Duration = timedelta(0)
    clear_after: Duration = timedelta(0)
    zone_name: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    probe: ProbeKind | None = None
    """Only sensors whose probe is of this kind; None: of any."""

    def of_device(self, *, calibration_due: date | None) -> Self:  # noqa: ARG002 - for the kinds that ask
        """The rule as it is for one device, of which these are the settings."""
        return self


@dataclass(frozen=True, slots=True)
class Level:
    """What a rule says now.

    Attributes:
        state: active, inactive, or unknown when there is no data to judge by.
        since: When the state began to be true (UTC).
        value: The value that decided, or None.
        limit: The limit it is held against, or None.
        certainty: 0..1.
        explanation: One sentence in both languages: which rule, which limit, since when.
        tracks: The tracks that decided, for the boxes on the evidence.
    """

    state: SignalState
    since: datetime
    value: float | None
    limit: float | None
    certainty: float
    explanation: Text
    tracks: tuple[Track, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """What one taught condition says of one picture.

    Attributes:
        taught: Its folder's name.
        p: 0..1; of several persons the surest.
        limit: The version's own threshold.
        of_persons: Whether it is looked for on persons, not in a fixed region.
        where: left, top, width, height in 0..1 of the picture; of the surest person; None: nowhere, or all of it.
    """

    taught: str
    p: float
    limit: float
    of_persons: bool = False
    where: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What is followed on one camera at one moment.

    Attributes:
        device: Registry id of the camera.
        at: Wall time of the frame (UTC).
        tracks: All tracks seen in this frame.
        sights: Of the taught conditions that looked at this frame.
    """

    device: str
    at: datetime
    tracks: tuple[Track, ...]
    sights: tuple[Sight, ...] = ()


class ReadingRule(Protocol):
    """A rule over the readings of one device; a file on the shelf exports `Rule`, `Params` and INPUT."""

    @property
    def params(self) -> RuleParams:
        """What the registry says about it."""

    def start(self, at: datetime) -> RuleState:
        """The state before anything was seen, at the moment the rule was switched on."""

    def observe(self, state: RuleState, reading: Reading) -> RuleState:
        """The state after one reading.

        Readings of other quantities, or of a quality other than `good`, change nothing: then the very same
        state comes back, so that a caller can tell by `is` that nothing is to be stored.
        """

    def resume(self, state: RuleState, at: datetime) -> RuleState:
        """The state at `at`, after a time in which the hub itself did not listen (stopped, broker away)."""

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now."""


class TrackRule(Protocol):
    """A rule over the tracks of one camera; a file on the shelf exports `Rule`, `Params` and INPUT."""

    @property
    def params(self) -> RuleParams:
        """What the registry says about it."""

    def start(self, at: datetime) -> RuleState:
        """The state before anything was seen."""

    def observe(self, state: RuleState, scene: Scene) -> RuleState:
        """The state after one analysed frame."""

    def level(self, state: RuleState, now: datetime) -> Level:
        """What holds now."""
