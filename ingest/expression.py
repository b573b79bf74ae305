"""Expression: a JMESPath expression (jmespath.org) that finds one value in a message; safe and bounded. Pure.

JMESPath has no loops, no I/O and no way into Python; what could still grow is bounded here: the length of the text,
its parts, the steps of one message, and the size of what is found on the way. The only importer of `jmespath`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

import jmespath
from jmespath.exceptions import EmptyExpressionError, JMESPathError, LexerError, ParseError
from jmespath.functions import Functions, signature
from jmespath.visitor import Options, TreeInterpreter

from ingest.errors import InvalidInput, MalformedPayload

MAX_LENGTH = 500
"""Characters of one expression."""
MAX_PARTS = 100
"""Nodes of its tree."""
MAX_LISTS = 3
"""`[a, b]` and `{x: a}` in one expression: nested they multiply what is found."""
MAX_CHILDREN = 8
"""Parts of one such list."""
MAX_STEPS = 50_000
"""Steps for all expressions of one message: some tens of milliseconds."""
MAX_SIZE = 10_000
"""Entries of a list that is found on the way."""
MAX_TEXT = 256 * 1024
"""Characters of a text that is found on the way."""

ALLOWED = frozenset(
    {
        "abs", "avg", "ceil", "contains", "ends_with", "floor", "join", "keys", "length", "map", "max", "max_by",
        "min", "min_by", "not_null", "reverse", "sort", "sort_by", "starts_with", "sum", "to_array", "to_number",
        "type", "values",
    }
)  # fmt: skip
"""The functions of JMESPath without `to_string` and `merge`, which write out what others only point to."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression.

    Attributes:
        text: As it was written.
        tree: As jmespath parsed it.
    """

    text: str
    tree: Mapping[str, object] = field(repr=False, compare=False)

    def find(self, value: object, reader: Reader) -> object:
        """What the expression means in `value` (JSON-like), None where it finds nothing.

        MalformedPayload: `wrong-type` where a function or a comparison gets what it cannot take, `too-many-steps`.
        """
        return reader.find(self, value)


class _Functions(Functions):  # type: ignore[misc] # jmespath ships no type information
    @signature({"types": []})  # type: ignore[untyped-decorator] # as above
    def _func_to_number(self, given: object) -> object:
        """As JMESPath has it; `1_000` is a number to Python alone."""
        return None if isinstance(given, str) and "_" in given else super()._func_to_number(given)


class Reader(TreeInterpreter):  # type: ignore[misc] # jmespath ships no type information
    """Evaluates the expressions of one message, with one allowance of steps for all of them."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        super().__init__(Options(custom_functions=_Functions()))
        self._left = steps

    def find(self, expression: Expression, value: object) -> object:
        """See Expression.find()."""
        try:
            return self.visit(expression.tree, value)
        except (
            JMESPathError,
            TypeError,
            ValueError,
            ArithmeticError,
            AttributeError,
            RecursionError,
        ) as wrong:
            raise MalformedPayload(
                f"{expression.text[:60]!r} cannot be evaluated here: {str(wrong)[:120]}",
                reason="wrong-type",
                mend="try it on the kept payload",
            ) from None

    def visit(self, node: Mapping[str, object], *args: object, **more: object) -> object:
        """One step."""
        self._left -= 1
        if self._left < 0:
            raise MalformedPayload(f"more than {MAX_STEPS} steps", reason="too-many-steps")
        found: object = super().visit(node, *args, **more)
        if isinstance(found, list | dict) and len(found) > MAX_SIZE:
            raise MalformedPayload(f"more than {MAX_SIZE} entries", reason="too-many-steps")
        if isinstance(found, str) and len(found) > MAX_TEXT:
            raise MalformedPayload(f"a text of more than {MAX_TEXT} characters", reason="too-many-steps")
        return found


def parse(text: str) -> Expression:
    """The expression; InvalidInput says what is wrong with it and at which character."""
    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"an expression of {len(text)} characters", mend=f"at most {MAX_LENGTH}")
    try:
        tree = cast("Mapping[str, object]", jmespath.compile(text).parsed)
    except EmptyExpressionError:
        raise InvalidInput("the expression is empty", mend="write the name of a field") from None
    except LexerError as wrong:
        raise _misread(text, wrong.lexer_position) from None
    except ParseError as wrong:
        raise _misread(text, wrong.lex_position) from None
    except (JMESPathError, RecursionError, ValueError):
        raise InvalidInput(f"{text[:60]!r} is no JMESPath", mend="see jmespath.org") from None
    _check(text, tree)
    return Expression(text, tree)


def path(*keys: str) -> str:
    """The expression that goes down these keys: `data."t-1"`."""
    return ".".join(_key(each) for each in keys)


def _key(key: str) -> str:
    plain = key.isascii() and key.isidentifier()
    return key if plain else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _misread(text: str, at: int | None) -> InvalidInput:
    at = len(text) if at is None else at
    if at >= len(text):
        return InvalidInput(f"{text[:60]!r} breaks off", mend="finish it; see jmespath.org")
    mend = 'names with other characters than a-z, 0-9 and _ stand in double quotes: "温度", "t-1"'
    return InvalidInput(f"{text[:60]!r} is no JMESPath from character {at + 1} ({text[at]!r})", mend=mend)


def _check(text: str, tree: Mapping[str, object]) -> None:
    nodes = list(_nodes(tree))
    lists = [each for each in nodes if each["type"] in {"multi_select_list", "multi_select_dict"}]
    widest = max((len(cast("list[object]", each["children"])) for each in lists), default=0)
    if len(nodes) > MAX_PARTS or len(lists) > MAX_LISTS or widest > MAX_CHILDREN:
        raise InvalidInput(f"{text[:60]!r} is too much for one value", mend="take a simpler expression")
    for each in nodes:
        if each["type"] == "function_expression":
            _check_call(str(each["value"]), len(cast("list[object]", each["children"])))
        if each["type"] == "slice" and cast("list[object]", each["children"])[2] == 0:
            raise InvalidInput("a slice of step 0", mend="write [a:b] or another step")


def _check_call(name: str, given: int) -> None:
    if name not in ALLOWED:
        raise InvalidInput(f"there is no function {name}()", mend=f"known: {', '.join(sorted(ALLOWED))}")
    signature = Functions.FUNCTION_TABLE[name]["signature"]
    wanted = len(signature)
    if given != wanted and not (signature[-1].get("variadic") and given > wanted):
        raise InvalidInput(f"{name}() takes {wanted} argument(s), not {given}", mend="see jmespath.org")


def _nodes(tree: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for each in cast("list[object]", node.get("children", ())):
            if isinstance(each, dict):
                waiting.append(each)  # noqa: PERF401 - the list grows while it is emptied
