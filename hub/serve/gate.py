"""Gate: the door to the registry of a hub that runs; a change is taken in before its maker is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from config.door import Door

Json = Mapping[str, object]


class Gate:
    """The Door, with `changed()` called after every change."""

    def __init__(self, door: Door, changed: Callable[[], object]) -> None:
        self._door = door
        self._changed = changed

    def apply(self, text: str, *, name: str, prune: bool, dry_run: bool, who: str) -> Json:
        """Apply a registry text; InvalidRegistry carries every mistake."""
        report = self._door.apply(text, name=name, prune=prune, dry_run=dry_run, who=who)
        if not dry_run:
            self._changed()
        return report

    def export(self, *, who: str) -> str:
        """The registry as YAML, secrets as `***`."""
        return self._door.export(who=who)

    def put(self, noun: str, key: str, body: Json, *, who: str) -> Json:
        """Create or replace one entry."""
        report = self._door.put(noun, key, body, who=who)
        self._changed()
        return report

    def delete(self, noun: str, key: str, *, who: str) -> None:
        """Remove one entry."""
        self._door.delete(noun, key, who=who)
        self._changed()
