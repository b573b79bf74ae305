"""Components: what /readyz shows of each part, and since when."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

from api.hub import Component, ComponentState


class Components:
    """The parts of `serve`; told once a second, asked by /readyz. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[str, Component] = {}

    def tell(self, found: Mapping[str, tuple[ComponentState, str]], now: datetime) -> None:
        """Every part with its state and reason; `since` moves only on a change. A part left out is gone."""
        with self._lock:
            parts = {}
            for name, (state, reason) in found.items():
                before = self._parts.get(name)
                same = before is not None and (before.state, before.reason) == (state, reason)
                since = before.since if before is not None and same else now
                parts[name] = Component(state, reason, since)
            self._parts = parts

    def all(self) -> Mapping[str, Component]:
        """The parts as they were last told."""
        with self._lock:
            return dict(self._parts)
