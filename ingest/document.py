"""Document: a payload as JSON, read strictly, with limits on size, depth and names."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import NoReturn, cast

from ingest.errors import MalformedPayload
from ingest.payload import MAX_NAME, MAX_OBSERVATIONS, Value

MAX_BYTES = 256 * 1024
MAX_DEPTH = 4  # levels below a payload's values that are looked into


def parse(payload: bytes) -> object:
    """The JSON value in `payload`.

    MalformedPayload: `too-large`, `not-utf8`, `not-json`, `too-deep`, `duplicate-key` (which of the two would
    be true?) or `not-finite` (NaN and Infinity are no JSON).
    """
    if len(payload) > MAX_BYTES:
        raise MalformedPayload(f"{len(payload)} bytes, at most {MAX_BYTES} are read", reason="too-large")
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise MalformedPayload("the payload is not UTF-8", reason="not-utf8") from wrong
    try:
        return cast("object", _DECODER.decode(text))
    except RecursionError:
        raise MalformedPayload("the JSON is nested too deeply", reason="too-deep") from None
    except ValueError as wrong:  # also an integer of thousands of digits
        raise MalformedPayload(f"the payload is not JSON: {str(wrong)[:80]}", reason="not-json") from wrong


def mapping(value: object, where: str) -> dict[str, object]:
    """`value` as a JSON object; MalformedPayload (`wrong-shape`) names what it is instead."""
    if not isinstance(value, dict):
        raise MalformedPayload(
            f"a JSON object is needed, not {_kind(value)}", reason="wrong-shape", where=where
        )
    return value


def items(value: object, where: str) -> list[object]:
    """`value` as a JSON array; MalformedPayload (`wrong-shape`) names what it is instead."""
    if not isinstance(value, list):
        raise MalformedPayload(
            f"a JSON array is needed, not {_kind(value)}", reason="wrong-shape", where=where
        )
    return value


def name(value: object, where: str) -> str:
    """`value` as a name that can be stored and shown: text or whole number, 1 to 200 characters, no control."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text or len(text) > MAX_NAME or not text.isprintable():
        raise MalformedPayload(f"{str(value)[:40]!r} is not a name", reason="bad-name", where=where)
    return text


def identifier(value: object) -> str:
    """`value` as a message's identifier, or empty where it is none: an identifier only helps to drop doubles."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        text = str(value)
        if len(text) <= MAX_NAME and text.isprintable():
            return text
    return ""


def scalar(value: object, where: str) -> Value | None:
    """`value` as an observation's value, or None for null, arrays and objects; `not-finite` for 1e999."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= MAX_NAME and value.isprintable() else None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise MalformedPayload("the number is too large", reason="not-finite", where=where)
        return number
    return None


def leaves(values: dict[str, object]) -> list[tuple[str, Value]]:
    """Every scalar in `values` with its path (`a.b`), at most four levels down."""
    found: list[tuple[str, Value]] = []
    _collect(values, "", 1, found)
    return found


def _collect(values: dict[str, object], prefix: str, depth: int, found: list[tuple[str, Value]]) -> None:
    for key, value in values.items():
        path = prefix + key
        if type(value) is bool or (type(value) is float and math.isfinite(value)):  # as most are
            found.append((_field(path), value))
        elif isinstance(value, dict):
            if depth < MAX_DEPTH:
                _collect(value, f"{path}.", depth + 1, found)
        elif (plain := scalar(value, path[:MAX_NAME])) is not None:
            found.append((_field(path), plain))
    if len(found) > MAX_OBSERVATIONS:
        raise MalformedPayload(f"more than {MAX_OBSERVATIONS} values", reason="too-many-values")


@lru_cache(maxsize=4096)
def _field(path: str) -> str:
    """The name of a field, looked at once: a device sends the same ones for ever."""
    return name(path, "field")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {dict: "an object", list: "an array", str: "text", bool: "true/false"}.get(type(value), "a number")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1) if len(keys) < 1_000 else "a key"
        raise MalformedPayload(f"{twice[:40]!r} is given twice", reason="duplicate-key")
    return found


def _constant(text: str) -> NoReturn:
    raise MalformedPayload(f"{text} is not a number", reason="not-finite")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
