"""Rule `camera-health`: how the faults of some cameras are watched; without one, every camera is watched as shipped.

    {kind: camera-health, site_kinds: [canteen-school], faults: [blurred], quiet_at: [steam]}
    {kind: camera-health, devices: [yard-cam], faults: [black], quiet_at: [], raise_after: 5m, severity: major}
    {kind: camera-health, devices: [yard-cam], faults: [low-rate], watched: false}

It takes the place of the shipped rule of each fault that it names (all without `faults`), on the cameras it names; what
it leaves out is as shipped. The place of an incident is the camera. The faults: files of detectors/camera_health.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from detectors.fault import Quiet, fault_word, faults
from detectors.health import NIGHT, Watched
from detectors.rule import Duration, RuleParams
from detectors.signal import Severity

INPUT = "glances"


class Params(RuleParams):
    """What the registry says.

    Attributes:
        faults: Those it is about; empty: all.
        watched: False: these faults are not watched there.
        severity, raise_after, clear_after, quiet_at: As the fault has them, unless given.
        night: The dark hours, local, for `quiet_at: [night]`.
    """

    kind: Literal["camera-health"]
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,50}$")  # its parts add their fault's word
    faults: tuple[Annotated[str, AfterValidator(fault_word)], ...] = ()
    watched: bool = True
    severity: Severity | None = None  # type: ignore[assignment] # None: each fault has its own
    raise_after: Duration | None = None  # type: ignore[assignment] # as above
    clear_after: Duration | None = None  # type: ignore[assignment] # as above
    quiet_at: tuple[Quiet, ...] | None = None
    night: tuple[time, time] = NIGHT

    @model_validator(mode="after")
    def _of_the_camera(self) -> Self:
        if self.condition is not None:
            raise ValueError("each fault has its own condition; leave out `condition`")
        if self.zone_name is not None:
            raise ValueError("a fault is of the whole camera; leave out `zone_name`")
        return self

    def parts(self) -> tuple[Watched, ...]:
        """Its rules, one for each fault: `<id>-<fault>`; none when they are not to be watched."""
        if not self.watched:
            return ()
        known = faults()
        return tuple(
            Watched(
                id=f"{self.id}-{word}",
                fault=word,
                severity=self.severity or known[word].severity,
                raise_after=known[word].raise_after if self.raise_after is None else self.raise_after,
                clear_after=known[word].clear_after if self.clear_after is None else self.clear_after,
                quiet_at=tuple(sorted(known[word].quiet_at)) if self.quiet_at is None else self.quiet_at,
                night=self.night,
            )
            for word in self.faults or known
        )


class Rule:
    """A rule of this kind is taken apart (Params.parts) and judged by detectors.health, not by itself."""

    def __init__(self, params: Params) -> None:
        self.params = params
