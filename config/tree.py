"""Tree: a YAML or JSON text as nodes that know their line; nothing in the text can run, loop or explode.

Only plain data is read: mappings, lists, text, numbers, true/false, null. What YAML 1.1 would guess
(`yes` → true, `10:30` → 630, `2026-11-22` → a date, `0123` → 83) stays the text that was written.
Anchors and aliases are allowed; their expansion counts against the limits below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 16 * 1024 * 1024
"""Enough for ten thousand cameras with their rules."""
MAX_NODES = 1_000_000
"""Values after aliases are expanded."""
MAX_DEPTH = 32
"""Levels of nesting after aliases are expanded."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(
    r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+"
)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """One value of the text.

    Attributes:
        line: 1-based.
        scalar: The value, when it is neither a list nor a mapping.
        text: The scalar as it was written.
        items: The list's values, or None.
        keys: The mapping's values by key, or None.
        key_lines: Where each key stands.
        size: Values in it, itself included, aliases expanded.
        depth: Levels below it, aliases expanded.
    """

    line: int
    scalar: Scalar = None
    text: str = ""
    items: list[Node] | None = None
    keys: dict[str, Node] | None = None
    key_lines: dict[str, int] = field(default_factory=dict)
    size: int = 1
    depth: int = 0

    def plain(self) -> object:
        """The value as Python's dict, list, str, int, float, bool, None."""
        if self.items is not None:
            return [each.plain() for each in self.items]
        if self.keys is not None:
            return {key: each.plain() for key, each in self.keys.items()}
        return self.scalar

    def children(self) -> Iterator[Node]:
        """The values directly in it."""
        yield from self.items or ()
        yield from (self.keys or {}).values()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with the text itself: `path` is a dotted key path, or `yaml` for the syntax."""

    line: int
    path: str
    what: str
    mend: str


class UnreadableText(Exception):
    """The text is no tree; carries what is wrong."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.what)
        self.wrong = wrong


def read_tree(content: bytes | str) -> tuple[Node, tuple[Wrong, ...]]:
    """The root node and what is wrong without making the rest unreadable (keys given twice).

    Raises UnreadableText for text that is too large, not UTF-8, no YAML, too deep, or explodes.
    """
    text = _decode(content)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.add(event)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        what = wrong.problem or wrong.context or "not YAML"
        raise UnreadableText(Wrong(mark.line + 1 if mark else 1, "yaml", what, _syntax_mend(what))) from wrong
    except yaml.YAMLError as wrong:
        position = getattr(wrong, "position", 0)
        line = text.count("\n", 0, position) + 1
        what = f"a character that YAML forbids ({getattr(wrong, 'reason', 'not YAML')})"
        raise UnreadableText(Wrong(line, "yaml", what, "remove it; save as plain UTF-8 text")) from wrong
    if builder.root is None:
        raise UnreadableText(
            Wrong(1, "yaml", "the file is empty", "write areas, sites, devices, rules, routes")
        )
    return builder.root, tuple(builder.wrongs)


class _Builder:
    """Makes nodes of parser events with its own stack, so that no depth of the text can exhaust Python's."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.wrongs: list[Wrong] = []
        self._anchors: dict[str, Node] = {}
        self._open: list[tuple[Node, str | None]] = []  # node and its anchor
        self._key: list[tuple[str, int] | None] = []  # the key that waits for its value, per open mapping
        self._path: list[str] = []
        self._count = 0

    def add(self, event: yaml.Event) -> None:
        """Take one event of the parser."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise UnreadableText(
                Wrong(line, "yaml", "a second document (---)", "keep one document in one file")
            )
        if isinstance(event, yaml.AliasEvent):
            node = self._anchors.get(event.anchor or "")
            if node is None:
                what = f"*{event.anchor} refers to nothing that is complete above"
                raise UnreadableText(
                    Wrong(line, "yaml", what, f"define &{event.anchor} first, and not around itself")
                )
            self._place(node, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._tag(event.tag, line, allowed="tag:yaml.org,2002:str")
            plain = event.implicit[0] and event.style in (None, "")
            node = Node(line, _resolve(event.value) if plain else event.value, event.value)
            if event.anchor:
                self._anchors[event.anchor] = node
            self._place(node, line)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._tag(event.tag, line)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self._open.append((Node(line, items=[]) if is_list else Node(line, keys={}), event.anchor))
            self._key.append(None)
            if len(self._open) > MAX_DEPTH:
                raise UnreadableText(
                    Wrong(
                        line,
                        "yaml",
                        f"nested deeper than {MAX_DEPTH} levels",
                        "a registry needs fewer than ten",
                    )
                )
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            node, anchor = self._open.pop()
            self._key.pop()
            if anchor:
                self._anchors[anchor] = node
            self._place(node, node.line)

    def _place(self, node: Node, line: int) -> None:
        """Put a finished value where it belongs: as the root, in a list, as a key or as a key's value."""
        if not self._open:
            self.root = node
            return
        parent, _ = self._open[-1]
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if parent.size > MAX_NODES or parent.depth + len(self._open) > MAX_DEPTH + 1:
            raise UnreadableText(
                Wrong(
                    line,
                    "yaml",
                    "aliases make the file explode",
                    f"keep it below {MAX_NODES} values; write them out",
                )
            )
        if parent.items is not None:
            parent.items.append(node)
            return
        keys = parent.keys if parent.keys is not None else {}
        waiting = self._key[-1]
        if waiting is None:
            if node.items is not None or node.keys is not None:
                raise UnreadableText(
                    Wrong(line, "yaml", "a list or mapping as a key", "write a word before the colon")
                )
            if node.text == "<<":
                raise UnreadableText(
                    Wrong(line, "yaml", "merge keys (<<) are not read", "write the keys out")
                )
            self._key[-1] = (node.text, line)
            return
        self._key[-1] = None
        key, key_line = waiting
        if key in keys:
            what = f"the key {key} is given twice (first on line {parent.key_lines[key]})"
            self.wrongs.append(Wrong(key_line, key, what, "keep one"))
            return
        keys[key] = node
        parent.key_lines[key] = key_line

    def _tag(self, tag: str | None, line: int, allowed: str = "!") -> None:
        if tag not in (None, "!", allowed):
            raise UnreadableText(Wrong(line, "yaml", f"the tag {tag} is not read", "write the plain value"))


def _resolve(text: str) -> Scalar:
    """The value that an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) < 20:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _decode(content: bytes | str) -> str:
    """The text; UnreadableText when it is too large or not UTF-8."""
    size = len(content)
    if size > MAX_BYTES:
        what = f"{size} bytes, more than the {MAX_BYTES // 1024 // 1024} MiB that are read"
        raise UnreadableText(Wrong(1, "yaml", what, "apply it in parts"))
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise UnreadableText(Wrong(line, "yaml", "not UTF-8", "save the file as UTF-8 (not GBK)")) from wrong


def _syntax_mend(what: str) -> str:
    """What usually helps with a complaint of the YAML parser."""
    if "tab" in what or "\\t" in what or "cannot start any token" in what:
        return "indent with spaces, and quote a value that begins with @, %, ` or a tab"
    if "undefined alias" in what:
        return "define the anchor (&name) above"
    if "mapping values" in what or "expected ':'" in what:
        return "put a space after each colon, and quote a value that holds ': '"
    if "',' or" in what:
        return "close the bracket or put a comma before this line"
    return "check the indentation, brackets and quotes here and on the line before"
