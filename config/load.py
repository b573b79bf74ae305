"""Load: a registry file becomes a Registry, or every mistake of it is reported at once with its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ValidationError

from config import references
from config.catalogue import conditions
from config.mistakes import Loc, Mistakes, path_of
from config.nouns.route import Route
from config.registry import SECTIONS, Registry, keyed
from config.schema import MODELS, by_kind, payload_names
from config.tree import MAX_BYTES, Node, Scalar, UnreadableText, read_tree
from config.wording import meant, near
from ingest.errors import InvalidInput, InvalidRegistry, Mistake


def load(
    source: Path | str,
    name: str | None = None,
    *,
    known: Registry | None = None,
    placeholders: Mapping[str, str] | None = None,
) -> Registry:
    """The registry of a file (Path) or of a text (str); `name` is how mistakes call it.

    `known` is what is there already and may be referred to; `placeholders` fill `{rtsp}` and `{mqtt}`.
    Raises InvalidRegistry with all mistakes, InvalidInput when the file cannot be opened.
    """
    return parse(source, name, placeholders=placeholders).resolve(known or Registry())


def parse(
    source: Path | str, name: str | None = None, *, placeholders: Mapping[str, str] | None = None
) -> Parsed:
    """The slow half of load(), which needs to know nothing of what is there already.

    Raises InvalidRegistry for a text that is no YAML at all; all other mistakes are kept for resolve().
    """
    name = name or (str(source) if isinstance(source, Path) else "registry")
    content = _read(source) if isinstance(source, Path) else source
    try:
        root, wrongs = read_tree(content)
    except UnreadableText as found:
        wrong = found.wrong
        mistake = Mistake(name, wrong.line, wrong.path, wrong.what, wrong.mend)
        raise InvalidRegistry((mistake,)) from found
    mistakes = Mistakes(name, root)
    for wrong in wrongs:
        mistakes.add((wrong.path,), wrong.what, wrong.mend, line=wrong.line)
    if placeholders:
        _fill(root, placeholders)
    reader = _Reader(root, mistakes)
    return Parsed(reader.read(), reader, mistakes)


class Parsed:
    """A file that was read entry by entry; resolve() holds it against what is there."""

    def __init__(self, registry: Registry, reader: _Reader, mistakes: Mistakes) -> None:
        self.registry = registry
        self._reader = reader
        self._mistakes = mistakes

    def resolve(self, known: Registry, *, gone: Mapping[str, frozenset[str]] | None = None) -> Registry:
        """The registry of the file; raises InvalidRegistry with all mistakes.

        `known` may be referred to; `gone` (section to keys) will be deleted from it, and nothing may be left hanging.
        """
        mistakes = self._mistakes.copy()
        whole = merge(known, self.registry, gone or {})
        hanging: list[tuple[Loc, str, str]] = []

        def complain(section: str, key: str, loc: Loc, what: str, mend: str) -> None:
            at = self._reader.place.get((section, key))
            if at is not None:
                mistakes.add((section, at, *loc), what, mend)
            else:
                hanging.append(((f"{section} {key} (stored)", *loc), what, mend))

        named = references.known_of(whole, self._reader.named)
        references.References(whole, named, complain).check()
        references.check_secrets(known, self.registry, complain)
        # Said only when every route could be read: a broken one may be the one without match.
        if "routes" not in self._reader.broken and references.catch_all_missing(whole):
            what = "one route without match is missing: incidents could go to nobody"
            mistakes.add(("routes",), what, "add - {unit: …} as the last")
        # What the file would do to stored entries is worth saying only once the file itself is right.
        for loc, what, mend in hanging if not len(mistakes) else ():
            mistakes.add(loc, what, mend)
        mistakes.raise_any()
        return self.registry


class _Reader:
    """Reads each entry by itself; remembers where each stood and which keys even the wrong ones have."""

    def __init__(self, root: Node, mistakes: Mistakes) -> None:
        self._root = root
        self._mistakes = mistakes
        self.place: dict[tuple[str, str], int] = {}
        self.named: dict[str, set[str]] = {section: set() for section in SECTIONS}
        self.broken: set[str] = set()
        self._first: dict[tuple[str, str], int] = {}

    def read(self) -> Registry:
        """Everything that is right."""
        if self._root.keys is None:
            self._mistakes.add((), "not a registry", "write sections: areas, sites, devices, rules, routes …")
            return Registry()
        found: dict[str, tuple[BaseModel, ...]] = {}
        for section, node in self._root.keys.items():
            if section not in SECTIONS:
                what = f"unknown section {section}"
                self._mistakes.add((section,), what, meant(section, SECTIONS, "section"))
                # What is below a misspelt section is there all the same: it is not called unknown elsewhere.
                for entry in node.items or () if (close := near(section, SECTIONS)) else ():
                    self.named[str(close)].update(key.text for key in [(entry.keys or {}).get("id")] if key)
            elif node.items is not None:
                found[section] = tuple(self._section(section, node.items))
            elif node.keys is not None or node.scalar is not None:
                mend = "begin each entry with a hyphen: - {id: …}"
                self._mistakes.add((section,), "a list of entries belongs here", mend)
        if not found and not len(self._mistakes):
            self._mistakes.add((), "the file is empty", "write areas, sites, devices, rules, routes …")
        return Registry(given=frozenset(found), **found)  # type: ignore[arg-type] # sections are checked above

    def _section(self, section: str, nodes: list[Node]) -> list[BaseModel]:
        items: list[BaseModel] = []
        places: list[int] = []
        for at, node in enumerate(nodes):
            loc: Loc = (section, at)
            if node.keys is None:
                self._mistakes.add(loc, "not an entry", "write keys and values: {id: …, name: …}")
                continue
            if section == "rules":
                by_condition(node)
            if self._known_already(section, at, node):
                continue
            model = self._model(section, loc, node)
            item = None if model is None else self._item(model, loc, node)
            if item is None:
                self.broken.add(section)
                continue
            if isinstance(item, Route):
                position = {"id": item.id or f"route-{at + 1}", "order": item.order or at + 1}
                item = item.model_copy(update=position)
            places.append(at)
            items.append(item)
        for (key, _), at in zip(keyed(items), places, strict=True):
            self.place[section, key] = at
        return items

    def _known_already(self, section: str, at: int, node: Node) -> bool:
        """Note the entry's id, be the rest of it right or wrong; True (and a mistake) when it was there before."""
        word = "name" if section == "users" else "id"
        written = (node.keys or {}).get(word)
        if section == "contacts" or written is None or not written.text:
            return False
        if written.text not in self.named[section]:
            self.named[section].add(written.text)
            self._first[section, written.text] = at
            return False
        line = self._mistakes.line((section, self._first[section, written.text]))
        what = f"{written.text!r} is there twice (first on line {line})"
        self._mistakes.add((section, at, word), what, "rename one, or take it out")
        # What else is wrong with it is still worth saying.
        model = self._model(section, (section, at), node)
        if model is not None:
            self._item(model, (section, at), node)
        return True

    def _model(self, section: str, loc: Loc, node: Node) -> type[BaseModel] | None:
        """What the entry must look like; complains when its `kind` does not say so."""
        if section in MODELS:
            return MODELS[section]
        kinds = by_kind(section)
        kind = (node.keys or {}).get("kind")
        if kind is None:
            self._mistakes.add(
                (*loc, "kind"), "kind is missing", f"add kind: one of {', '.join(sorted(kinds))}"
            )
            return None
        if kind.text not in kinds:
            mend = meant(kind.text, kinds, "kind")
            if mend.startswith("did you mean"):
                mend += f" (known: {', '.join(sorted(kinds))})"
            self._mistakes.add((*loc, "kind"), f"unknown kind {kind.text!r}", mend)
            return None
        return kinds[kind.text]

    def _item(self, model: type[BaseModel], loc: Loc, node: Node) -> BaseModel | None:
        try:
            item = _validate(model, node)
        except ValidationError as wrong:
            self._mistakes.invalid(loc, node, wrong, model)
            return None
        payload = getattr(item, "payload", None)
        if isinstance(payload, str) and payload not in payload_names():
            mend = meant(payload, payload_names(), "payload")
            self._mistakes.add((*loc, "payload"), f"unknown payload {payload!r}", mend)
        return item


def by_condition(node: Node) -> None:
    """A rule without `kind` takes the catalogue's keys for its condition, as if they stood on its first line."""
    keys = node.keys
    if keys is None or "kind" in keys:
        return
    word = keys["condition"] if "condition" in keys else keys.get("id")
    found = conditions().get(word.text) if word is not None else None
    if found is None or not found.rule:
        return
    for key, value in {**found.rule, "severity": found.severity}.items():
        keys.setdefault(key, _node(value, node.line))
        node.key_lines.setdefault(key, node.line)


def _node(value: object, line: int) -> Node:
    if isinstance(value, list):
        return Node(line, items=[_node(each, line) for each in value])
    if isinstance(value, dict):
        return Node(line, keys={key: _node(each, line) for key, each in value.items()})
    return Node(line, scalar=cast("Scalar", value), text=str(value))


def check_rest(known: Registry, gone: Mapping[str, frozenset[str]], name: str) -> None:
    """Raise InvalidRegistry when deleting `gone` (section to keys) would leave something hanging."""
    rest = merge(known, Registry(), gone)
    found: list[Mistake] = []

    def complain(section: str, key: str, loc: Loc, what: str, mend: str) -> None:
        path = path_of((f"{section} {key}", *loc))
        found.append(Mistake(name, 1, path, f"would be left hanging: {what}", f"change it first ({mend})"))

    references.References(rest, references.known_of(rest, {}), complain).check()
    if references.catch_all_missing(rest) and not references.catch_all_missing(known):
        found.append(
            Mistake(name, 1, "routes", "this is the one route without match", "add another one first")
        )
    if found:
        raise InvalidRegistry(tuple(found))


def merge(stored: Registry, wanted: Registry, gone: Mapping[str, frozenset[str]] | None = None) -> Registry:
    """What is there after `wanted` was applied over `stored`, and `gone` (section to keys) was deleted."""
    merged: dict[str, tuple[BaseModel, ...]] = {}
    for section in SECTIONS:
        without = (gone or {}).get(section, frozenset())
        keep = {key: item for key, item in stored.by_key(section).items() if key not in without}
        merged[section] = tuple((keep | wanted.by_key(section)).values())
    given = stored.given | wanted.given
    return Registry(given=given, **merged)  # type: ignore[arg-type] # each section holds its own models


def _validate(model: type[BaseModel], node: Node) -> BaseModel:
    """The entry as a model; a number where a text belongs is taken as it was written (`phone: 13800000000`)."""
    value = node.plain()
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        texts = [each["loc"] for each in wrong.errors(include_url=False) if each["type"] == "string_type"]
        if not any([_put_text(value, node, loc) for loc in texts]):  # noqa: C419 - all of them are to be put
            raise
        return model.model_validate(value)


def _put_text(value: object, node: Node, loc: Loc) -> bool:
    """Replace the number at `loc` by its text; False when there is no number."""
    put: Callable[[str], None] | None = None
    for part in loc:
        if isinstance(part, str) and isinstance(value, dict) and part in (node.keys or {}):
            put = partial(value.__setitem__, part)
            value, node = value[part], (node.keys or {})[part]
        elif isinstance(part, int) and isinstance(value, list) and part < len(node.items or ()):
            put = partial(value.__setitem__, part)
            value, node = value[part], (node.items or [])[part]
    if put is None or isinstance(node.scalar, bool) or not isinstance(node.scalar, int | float):
        return False
    put(node.text)
    return True


def _fill(node: Node, placeholders: Mapping[str, str]) -> None:
    """Replace `{rtsp}` and the like in every text."""
    if isinstance(node.scalar, str):
        for name, value in placeholders.items():
            node.scalar = node.scalar.replace("{" + name + "}", value)
    for child in node.children():
        _fill(child, placeholders)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as wrong:
        raise InvalidInput(
            f"the file cannot be read ({wrong.strerror})", where=str(path), mend="name a YAML or JSON file"
        ) from wrong
