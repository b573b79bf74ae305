"""Usual: what a camera usually shows, learned slowly from its glances: one picture for each light. Pure.

A fault is a departure from it. It is learned from glances that nothing is wrong with, so that a lens which is being
covered is not taken for the usual view.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors.sketch import Sketch, likeness

ENOUGH = 10
"""Glances after which a view is known."""
SLOW = 0.04
"""Weight of one more glance in a view that is known."""
SAME = 0.45
"""Likeness of edges from which a glance shows a known view."""
RELATED = 0.12
"""Below this likeness two pictures have nothing in common: no change of light, another place."""
PATIENCE = 120
"""Glances in a row for which another light must last before it is a view of its own (10 min at one in 5 s)."""
MOST = 4
"""Views of one camera: day, night with its own lamp, lights on and off."""
BRIGHTER = 35.0
"""Difference of mean brightness from which it is another light."""
RICHER = 1.6
"""Ratio of contrast from which it is another light."""
STRUCTURED = 3.0
"""Strength of edges from which a block has something to lose."""


@dataclass(frozen=True, slots=True)
class View:
    """One usual picture.

    Attributes:
        edges, coarse, texture, fine: As in a Sketch, averaged: what passes through the picture fades.
        spread, low: As in a Sketch, averaged.
        count: Glances it was learned from.
    """

    edges: NDArray[np.float32]
    coarse: NDArray[np.float32]
    texture: NDArray[np.float32]
    fine: NDArray[np.float32]
    spread: float
    low: float
    count: int = 1

    @property
    def known(self) -> bool:
        """Whether it was seen often enough to be held against."""
        return self.count >= ENOUGH

    @property
    def structured(self) -> NDArray[np.bool_]:
        """(9, 16): the blocks that have edges."""
        return np.asarray(self.texture >= STRUCTURED)

    def with_(self, seen: Sketch) -> View:
        """The view after one more glance."""
        weight = max(SLOW, 1 / (self.count + 1))
        return View(
            edges=self._mixed(self.edges, seen.edges, weight, 0.5),
            coarse=self._mixed(self.coarse, seen.coarse, weight, 20.0),
            texture=self._mixed(self.texture, seen.texture, weight, 3.0),
            fine=self._mixed(self.fine, seen.fine, weight, 3.0),
            spread=self.spread + (seen.spread - self.spread) * weight,
            low=self.low + (seen.low - self.low) * weight,
            count=self.count + 1,
        )

    def _mixed(
        self, old: NDArray[np.float32], new: NDArray[np.float32], weight: float, most: float
    ) -> NDArray[np.float32]:
        """Nearer to the new; once the view is known, whoever walks through it counts for `most` only."""
        step = new - old
        if self.known:
            step = np.clip(step, -most, most)
        return np.asarray(old + step * np.float32(weight), np.float32)

    def same_light(self, seen: Sketch) -> bool:
        """Whether this glance is about as bright and as rich in contrast as the view."""
        contrast = seen.spread / max(self.spread, 1.0)
        return abs(seen.mean - float(self.coarse.mean())) < BRIGHTER and 1 / RICHER < contrast < RICHER


def view_of(seen: Sketch) -> View:
    """A view of which one glance is known."""
    return View(seen.edges, seen.coarse, seen.texture, seen.fine, seen.spread, seen.low)


@dataclass(frozen=True, slots=True)
class Usual:
    """What is known of a camera.

    Attributes:
        views: The usual pictures, the one that was seen last first.
        fresh: A light that may become a view, while it lasts.
    """

    views: tuple[View, ...] = ()
    fresh: View | None = None

    @property
    def known(self) -> bool:
        """Whether there is a view to hold a glance against."""
        return bool(self.views) and self.views[0].known

    def best(self, seen: Sketch) -> tuple[View, float] | None:
        """The known view that this glance is most like, of the same light if there is one; and how much.

        None before a view is known.
        """
        found = [(likeness(seen.edges, each.edges), each) for each in self.views if each.known]
        if not found:
            return None
        how, view = max(found, key=lambda pair: (pair[0] >= SAME and pair[1].same_light(seen), pair[0]))
        return view, how


def learn(usual: Usual, seen: Sketch, *, shifted: bool) -> Usual:
    """What is known after a glance that nothing is wrong with.

    Args:
        usual: Before it.
        seen: The glance.
        shifted: It shows a known view from elsewhere: nothing is learned from it.
    """
    if not usual.known:
        first = usual.views[0].with_(seen) if usual.views else view_of(seen)
        return Usual((first,))
    found = usual.best(seen)
    if found is None or shifted:
        return replace(usual, fresh=None)
    view, how = found
    if how >= SAME and view.same_light(seen):
        rest = tuple(each for each in usual.views if each is not view)
        return Usual((view.with_(seen), *rest))
    if view.same_light(seen) and how < RELATED:
        return replace(usual, fresh=None)  # another place
    fresh = usual.fresh
    if fresh is None or likeness(seen.edges, fresh.edges) < SAME:
        return replace(usual, fresh=view_of(seen))
    fresh = fresh.with_(seen)
    if fresh.count < PATIENCE:
        return replace(usual, fresh=fresh)
    return Usual((fresh, *usual.views)[:MOST])
