"""Limits: one limit that raises and, if wanted, another that clears, on either side; pure.

Above 8 raises, 8 itself does not. With `clear_below` 7 it is over below 7, and between 7 and 8 nothing changes; without
it, it is over as soon as the limit is no longer passed. `below` and `clear_above` mirror that.
"""

from __future__ import annotations

from typing import Protocol


class Limits(Protocol):
    """A rule's parameters, as the registry says them; None where it says nothing."""

    @property
    def above(self) -> float | None:
        """Raised above this."""

    @property
    def below(self) -> float | None:
        """Raised below this; exactly one of `above` and `below` is given."""

    @property
    def clear_below(self) -> float | None:
        """Over below this; only with `above`, at most `above`."""

    @property
    def clear_above(self) -> float | None:
        """Over above this; only with `below`, at least `below`."""


def check(limits: Limits) -> None:
    """ValueError says what does not go together."""
    above, below, clear_below, clear_above = (
        limits.above,
        limits.below,
        limits.clear_below,
        limits.clear_above,
    )
    if (above is None) == (below is None):
        raise ValueError("give exactly one of `above` and `below`")
    if above is not None and clear_above is not None:
        raise ValueError("`above` goes with `clear_below`, not with `clear_above`")
    if below is not None and clear_below is not None:
        raise ValueError("`below` goes with `clear_above`, not with `clear_below`")
    if above is not None and clear_below is not None and clear_below > above:
        raise ValueError(f"`clear_below` {clear_below:g} is over `above` {above:g}")
    if below is not None and clear_above is not None and clear_above < below:
        raise ValueError(f"`clear_above` {clear_above:g} is under `below` {below:g}")


def verdict(limits: Limits, value: float) -> bool | None:
    """True: the limit is passed; False: it is over; None: in between."""
    if limits.above is not None:
        if value > limits.above:
            return True
        return None if limits.clear_below is not None and value >= limits.clear_below else False
    if limits.below is not None and value < limits.below:
        return True
    return None if limits.clear_above is not None and value <= limits.clear_above else False
