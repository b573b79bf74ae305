"""Wording: what pydantic complains about, said as `what; mend` for the person who wrote the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from pydantic_core import ErrorDetails

from config.urls import without_password

_WORD = re.compile(r"[a-z0-9][a-z0-9_./@-]*")

SECRET_KEYS = frozenset({"password", "phone", "playback", "secret"})
"""What is written there is never repeated in a message."""


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    return next(iter(difflib.get_close_matches(word, list(known), 1, 0.6)), None)


def meant(word: str, known: Iterable[str], what: str) -> str:
    """The mend for an unknown word: `did you mean east?`, or the known ones."""
    names = sorted({each for each in known if _WORD.fullmatch(each)})
    close = near(word, names)
    if close:
        return f"did you mean {close}?"
    if not names:
        return f"there is no {what} yet; add it"
    more = f", … ({len(names)} in all)" if len(names) > 12 else ""
    return f"known: {', '.join(names[:12])}{more}"


def shown(value: object, key: str) -> str:
    """The value as a message may repeat it: short, and nothing secret."""
    if key in SECRET_KEYS:
        return "the value"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = without_password(str(value))
    return repr(text if len(text) <= 60 else text[:57] + "…")


def said(error: ErrorDetails, key: str, known_keys: Iterable[str]) -> tuple[str, str]:
    """`(what, mend)` of one complaint about the value at `key`."""
    kind, context = error["type"], error.get("ctx", {})
    value = shown(error.get("input"), key)
    if kind == "missing":
        return f"{key} is missing", f"add {key}: …"
    if kind == "extra_forbidden":
        return f"unknown key {key}", meant(key, known_keys, "key")
    if kind == "string_pattern_mismatch":
        slug = re.sub(r"[^a-z0-9]+", "-", str(error.get("input")).lower()).strip("-")[:63]
        rule = "lower case letters, digits and hyphens, at most 63"
        return f"{value} is not an id", f"write {slug} ({rule})" if slug else f"write {rule}"
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        close = near(str(error.get("input")), words)
        return (
            f"{value} is not known here",
            f"did you mean {close}?" if close else f"one of: {', '.join(words)}",
        )
    if kind in {"value_error", "assertion_error"}:
        text = without_password(error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
        what, _, mend = text.partition("; ")
        return what, mend or "correct it"
    if kind.startswith("bool"):
        return f"{value} is neither true nor false", "write true or false"
    if kind.startswith("int"):
        return f"{value} is not a whole number", "write a number such as 5"
    if kind.startswith(("float", "decimal")):
        return f"{value} is not a number", "write a number such as 8 or 0.5, without unit and quotes"
    if kind.startswith("string") and kind not in {"string_too_long", "string_too_short"}:
        return f"{value} is not a text", "write a text, in quotes when it looks like something else"
    if kind in {"tuple_type", "list_type", "set_type", "frozen_set_type", "iterable_type"}:
        mend = f"write [{error.get('input')}]" if isinstance(error.get("input"), str) else "write [one, two]"
        return f"{value} where a list belongs", mend
    if kind in {"model_type", "dict_type", "model_attributes_type", "mapping_type", "dataclass_type"}:
        return f"{value} where keys and values belong", "write {key: value, …}"
    if kind in {"too_short", "too_long", "string_too_short", "string_too_long"}:
        return _length(kind, context)
    limits = {
        "greater_than": ("gt", "more than"),
        "greater_than_equal": ("ge", "not less than"),
        "less_than": ("lt", "less than"),
        "less_than_equal": ("le", "not more than"),
    }
    if kind in limits:
        name, words_ = limits[kind]
        return f"{value} is out of range", f"write a value {words_} {context.get(name):g}"
    if kind.startswith("date"):
        return f"{value} is not a day", "write 2027-02-20"
    return f"{value}: {without_password(error['msg'])}", "correct it"


def _length(kind: str, context: Mapping[str, object]) -> tuple[str, str]:
    """Too few or too many entries or letters."""
    unit = "letters" if kind.startswith("string") else "entries"
    if kind.endswith("short"):
        return f"too few {unit}", f"give at least {context.get('min_length')}"
    return f"too many {unit}", f"give at most {context.get('max_length')}"
