"""Mistakes: a collector that knows the file's lines; it says each thing once, in the order of the lines."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel, ValidationError

from config.tree import Node
from config.wording import near, said
from ingest.errors import InvalidRegistry, Mistake

Loc = tuple[str | int, ...]
MOST = 500
"""More mistakes than this are a wrong kind of file, not five hundred things to mend."""


class Mistakes:
    """Collects what is wrong with one file."""

    def __init__(self, file: str, root: Node) -> None:
        self._file = file
        self._root = root
        self._found: dict[tuple[int, str], Mistake] = {}

    def add(self, loc: Loc, what: str, mend: str, *, line: int | None = None) -> None:
        """One mistake at a path of keys and positions; its line is that of the deepest part that exists."""
        at = line if line is not None else self.line(loc)
        path = path_of(loc)
        self._found.setdefault((at, path), Mistake(self._file, at, path, what, mend))

    def invalid(self, loc: Loc, node: Node, wrong: ValidationError, model: type[BaseModel]) -> None:
        """All complaints of `model` about the entry at `loc`."""
        errors = wrong.errors(include_url=False)
        meant: set[tuple[Loc, str]] = set()
        texts = []
        for error in errors:
            where = real_loc(node, error["loc"], missing=error["type"] == "missing")
            key = str(where[-1]) if where else str(loc[0]) if loc else "file"
            if error["type"] == "extra_forbidden":
                siblings = [str(each["loc"][-1]) for each in errors if each["type"] == "missing"]
                what, mend = said(error, key, siblings if near(key, siblings) else keys_at(model, where[:-1]))
                if mend.startswith("did you mean "):
                    meant.add((where[:-1], mend.removeprefix("did you mean ").rstrip("?")))
            else:
                what, mend = said(error, key, ())
            texts.append((error["type"], where, what, mend))
        for kind, where, what, mend in texts:
            # A misspelt key is one mistake, not an unknown and a missing one.
            if kind == "missing" and (where[:-1], str(where[-1])) in meant:
                continue
            self.add((*loc, *where), what, mend)

    def line(self, loc: Loc) -> int:
        """Where the deepest existing part of the path stands."""
        node, line = self._root, self._root.line
        for part in loc:
            if isinstance(part, str) and node.keys is not None and part in node.keys:
                line, node = node.key_lines[part], node.keys[part]
            elif isinstance(part, int) and node.items is not None and part < len(node.items):
                node = node.items[part]
                line = node.line
            else:
                break
        return line

    def copy(self) -> Mistakes:
        """The same so far; adding to the copy leaves this one as it is."""
        twin = Mistakes(self._file, self._root)
        twin._found = dict(self._found)
        return twin

    def __len__(self) -> int:
        """How many so far."""
        return len(self._found)

    def raise_any(self) -> None:
        """Raise InvalidRegistry with all of them, in the order of their lines."""
        if self._found:
            ordered = sorted(self._found.values(), key=lambda each: (each.line, each.path))
            raise InvalidRegistry(tuple(ordered[:MOST]))


def real_loc(node: Node, loc: Loc, *, missing: bool) -> Loc:
    """The part of pydantic's location that is in the file (it adds names of branches and validators)."""
    found: list[str | int] = []
    for at, part in enumerate(loc):
        if isinstance(part, str) and node.keys is not None and part in node.keys:
            node = node.keys[part]
        elif isinstance(part, int) and node.items is not None and part < len(node.items):
            node = node.items[part]
        elif missing and at == len(loc) - 1:
            pass  # the key that is missing
        else:
            continue
        found.append(part)
    return tuple(found)


def path_of(loc: Loc) -> str:
    """`devices[2].url`; `file` for the whole."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "file"


def keys_at(model: type[BaseModel], loc: Loc) -> tuple[str, ...]:
    """The keys that the model allows at a path within it."""
    for part in loc:
        if isinstance(part, int):
            continue
        field = next((each for name, each in model.model_fields.items() if part in (name, each.alias)), None)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return ()
        model = inner
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model inside `tuple[Room, ...]` or `RouteMatch | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
