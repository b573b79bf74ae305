"""Template: the safe part of Home Assistant's value templates, evaluated without Jinja.

Understood: one `{{ … }}` with value, value_json, `.name`, `['name']`, `[0]`, numbers, texts, + - * /, comparisons,
`a if b else c`, not/and/or, and the filters float, int, round, abs, default, is_defined, lower, upper, trim,
string. A name can only be looked up in the message's JSON: there is no attribute, call or loop to reach anything
else with. What is not understood raises MalformedPayload (`unsupported-template`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from ingest.errors import MalformedPayload
from ingest.payload import as_number

MAX_LENGTH = 500  # characters of a template
MAX_DEPTH = 20  # levels of brackets
PRECISION = 12  # digits that round() takes at most

UNDEFINED = object()
"""What a missing key gives; it travels through the expression and ends as None."""

Term = Callable[[str, object], object]
"""(value, value_json) → result."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>==|!=|<=|>=|[-+*/().|,<>\[\]]))"
)
_WHOLE = re.compile(r"\s*\{\{-?(?P<body>.*?)-?\}\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template.

    Attributes:
        evaluate: (value, value_json) → JSON value, or UNDEFINED.
        needs_json: Whether the message must be JSON.
        last_name: The last key it looks up, or empty.
    """

    evaluate: Term
    needs_json: bool
    last_name: str


@lru_cache(maxsize=1024)
def compile_template(source: str) -> Template:
    """The template in `source`; MalformedPayload (`unsupported-template`) names what is not understood."""
    whole = _WHOLE.fullmatch(source) if len(source) <= MAX_LENGTH else None
    if whole is None or "{%" in source or "{{" in whole["body"]:
        raise _unsupported(source)
    parser = _Parser(whole["body"])
    term = parser.ternary(0)
    if parser.peek():
        raise _unsupported(source)
    return Template(term, "value_json" in whole["body"], parser.last_name)


class _Parser:
    def __init__(self, body: str) -> None:
        self.last_name = ""
        self._body = body
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position, end = 0, len(body.rstrip())
        while position < end:
            token = _TOKEN.match(body, position)
            if token is None or token.lastgroup is None:
                raise _unsupported(body)
            self._tokens.append((token.lastgroup, token[token.lastgroup]))
            position = token.end()

    def peek(self) -> str:
        """The next token's text, or empty at the end."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _unsupported(self._body)
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, *texts: str) -> str:
        if self.peek() in texts and self._tokens[self._at][0] != "text":
            return self._take()[1]
        return ""

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise _unsupported(self._body)

    def ternary(self, depth: int) -> Term:
        """`a if b else c`."""
        if depth > MAX_DEPTH:
            raise _unsupported(self._body)
        yes = self._either(depth)
        if not self._accept("if"):
            return yes
        condition = self._either(depth)
        no: Term = lambda _value, _json: UNDEFINED  # noqa: E731 - one of three terms
        if self._accept("else"):
            no = self.ternary(depth + 1)
        return lambda value, json: yes(value, json) if _true(condition(value, json)) else no(value, json)

    def _either(self, depth: int) -> Term:
        left = self._both(depth)
        while self._accept("or"):
            left = _or(left, self._both(depth))
        return left

    def _both(self, depth: int) -> Term:
        left = self._negation(depth)
        while self._accept("and"):
            left = _and(left, self._negation(depth))
        return left

    def _negation(self, depth: int) -> Term:
        if self._accept("not"):
            term = self._comparison(depth)
            return lambda value, json: not _true(term(value, json))
        return self._comparison(depth)

    def _comparison(self, depth: int) -> Term:
        left = self._sum(depth)
        sign = self._accept("==", "!=", "<", ">", "<=", ">=")
        return _compare(sign, left, self._sum(depth)) if sign else left

    def _sum(self, depth: int) -> Term:
        left = self._product(depth)
        while sign := self._accept("+", "-"):
            left = _arithmetic(sign, left, self._product(depth))
        return left

    def _product(self, depth: int) -> Term:
        left = self._unary(depth)
        while sign := self._accept("*", "/"):
            left = _arithmetic(sign, left, self._unary(depth))
        return left

    def _unary(self, depth: int) -> Term:
        if self._accept("-"):
            return _arithmetic("-", lambda _value, _json: 0, self._filtered(depth))
        return self._filtered(depth)

    def _filtered(self, depth: int) -> Term:
        term = self._primary(depth)
        while True:
            if self._accept("."):
                kind, text = self._take()
                if kind not in {"name", "number"}:
                    raise _unsupported(self._body)
                term = self._item(term, text if kind == "name" else int(float(text)))
            elif self._accept("["):
                kind, text = self._take()
                if kind not in {"text", "number"} or (kind == "number" and "." in text):
                    raise _unsupported(self._body)
                term = self._item(term, text[1:-1] if kind == "text" else int(text))
                self._expect("]")
            elif self._accept("|"):
                term = _filter(self._take()[1], term, self._arguments(), self._body)
            else:
                return term

    def _item(self, term: Term, key: str | int) -> Term:
        if isinstance(key, str):
            self.last_name = key
        return lambda value, json: _item(term(value, json), key)

    def _arguments(self) -> tuple[object, ...]:
        found: list[object] = []
        if self._accept("("):
            while not self._accept(")"):
                negative = bool(self._accept("-"))
                kind, text = self._take()
                if kind == "number":
                    number = float(text) if "." in text else int(text)
                    found.append(-number if negative else number)
                elif kind == "text":
                    found.append(text[1:-1])
                else:
                    found.append({"true": True, "false": False}.get(text.lower(), UNDEFINED))
                if not self._accept(",") and self.peek() != ")":
                    raise _unsupported(self._body)
        return tuple(found)

    def _primary(self, depth: int) -> Term:
        kind, text = self._take()
        if kind == "number":
            number = float(text) if "." in text else int(text)
            return lambda _value, _json: number
        if kind == "text":
            return lambda _value, _json: text[1:-1]
        if text == "(":
            term = self.ternary(depth + 1)
            self._expect(")")
            return term
        if text == "value":
            return lambda value, _json: value
        if text == "value_json":
            return lambda _value, json: json
        if text.lower() in {"true", "false"}:
            return lambda _value, _json: text.lower() == "true"
        raise _unsupported(self._body)


def _item(container: object, key: str | int) -> object:
    if isinstance(container, dict):
        return container.get(str(key), UNDEFINED)
    if isinstance(container, list) and isinstance(key, int) and key < len(container):
        return cast("object", container[key])
    return UNDEFINED


def _true(value: object) -> bool:
    return value is not UNDEFINED and bool(value)


def _and(left: Term, right: Term) -> Term:
    return lambda value, json: _true(left(value, json)) and _true(right(value, json))


def _or(left: Term, right: Term) -> Term:
    return lambda value, json: _true(left(value, json)) or _true(right(value, json))


def number(value: object) -> float | None:
    """`value` as a number where it is one or a text of one; the sizes of JSON's integers are cut to floats."""
    if isinstance(value, str | int | float) and len(str(value)) <= MAX_LENGTH:
        try:
            return as_number(value)
        except (ValueError, OverflowError):
            return None
    return None


def _arithmetic(sign: str, left: Term, right: Term) -> Term:
    def calculate(value: str, json: object) -> object:
        one, other = left(value, json), right(value, json)
        if isinstance(one, str) or isinstance(other, str):
            return UNDEFINED  # Jinja would glue texts; a value that is glued is no value
        first, second = number(one), number(other)
        if first is None or second is None:
            return UNDEFINED
        if sign == "+":
            return first + second
        if sign == "-":
            return first - second
        if sign == "*":
            return first * second
        return first / second if second else UNDEFINED

    return calculate


def _compare(sign: str, left: Term, right: Term) -> Term:
    def compare(value: str, json: object) -> object:
        one, other = left(value, json), right(value, json)
        if sign in {"==", "!="}:
            return (one == other) is (sign == "==")
        if isinstance(one, str) or isinstance(other, str):
            return UNDEFINED
        first, second = number(one), number(other)
        if first is None or second is None:
            return UNDEFINED
        return first < second if sign == "<" else first > second if sign == ">" else (
            first <= second if sign == "<=" else first >= second
        )  # fmt: skip

    return compare


def _filter(name: str, term: Term, arguments: tuple[object, ...], body: str) -> Term:
    found = _FILTERS.get(name)
    if found is None:
        raise _unsupported(body)
    return lambda value, json: found(term(value, json), arguments)


def _as_float(value: object, arguments: tuple[object, ...]) -> object:
    converted = number(value)
    return converted if converted is not None else (arguments[0] if arguments else UNDEFINED)


def _as_int(value: object, arguments: tuple[object, ...]) -> object:
    converted = number(value)
    if converted is None or converted - converted != 0:
        return arguments[0] if arguments else UNDEFINED
    return int(converted)


def _round(value: object, arguments: tuple[object, ...]) -> object:
    converted = number(value)
    digits = arguments[0] if arguments else 0
    if converted is None or converted - converted != 0 or not isinstance(digits, int):
        return UNDEFINED
    return round(converted, max(-PRECISION, min(PRECISION, digits)))


def _abs(value: object, _arguments: tuple[object, ...]) -> object:
    converted = number(value)
    return UNDEFINED if converted is None else abs(converted)


def _default(value: object, arguments: tuple[object, ...]) -> object:
    return (arguments[0] if arguments else "") if value is UNDEFINED else value


def _text(change: Callable[[str], str]) -> Callable[[object, tuple[object, ...]], object]:
    return lambda value, _arguments: change(str(value)) if isinstance(value, str | int | float) else UNDEFINED


_FILTERS: dict[str, Callable[[object, tuple[object, ...]], object]] = {
    "float": _as_float,
    "int": _as_int,
    "round": _round,
    "abs": _abs,
    "default": _default,
    "is_defined": lambda value, _arguments: value,
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "trim": _text(str.strip),
    "string": _text(str),
}


def _unsupported(source: str) -> MalformedPayload:
    return MalformedPayload(
        f"the template {source[:60]!r} is not understood",
        reason="unsupported-template",
        mend="use {{ value_json.name }} with float, int or round",
    )
