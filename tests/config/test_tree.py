"""A registry's text as a tree: plain data with lines; nothing runs, loops or explodes."""

from __future__ import annotations

import time

import pytest

from config.tree import MAX_BYTES, UnreadableText, read_tree

PLAIN: list[tuple[str, str, object]] = [
    ("numbers stay numbers", "8", 8),
    ("so do fractions", "-0.5", -0.5),
    ("true and false", "true", True),
    ("nothing", "null", None),
    ("yes is a word: a village may be called so", "yes", "yes"),
    ("no is a word", "no", "no"),
    ("10:30 is a time of day, not 630", "10:30", "10:30"),
    ("a date is not guessed", "2026-11-22", "2026-11-22"),
    ("a leading zero belongs to a phone number", "0531123", "0531123"),
    ("an octal digit string is not eight-based", "0123", "0123"),
    ("a quoted number is a text", "'8'", "8"),
    ("an exponent is a number", "1e3", 1000.0),
    ("infinity is a word", ".inf", ".inf"),
    ("more than 64 bits stays text", "123456789012345678901234567890", "123456789012345678901234567890"),
]


@pytest.mark.parametrize(("why", "text", "value"), PLAIN, ids=[row[0] for row in PLAIN])
def test_scalars(why: str, text: str, value: object) -> None:
    """What is written is what is read."""
    root, _ = read_tree(f"[{text}]")
    assert root.plain() == [value], why


REFUSED: list[tuple[str, bytes, int, str]] = [
    ("syntax", b"areas:\n  - {id: a\nsites: []\n", 3, "bracket"),
    ("a tab as indentation", b"areas:\n\t- {id: a}\n", 2, "spaces"),
    ("code", b"a: 1\nb: !!python/object/apply:os.system ['true']\n", 2, "plain value"),
    ("two documents", b"a: 1\n---\nb: 2\n", 2, "one document"),
    ("not UTF-8", "a: 1\nname: 食堂\n".encode("gbk"), 2, "UTF-8"),
    ("nothing", b"", 1, "areas"),
    ("only a comment", b"# hello\n", 1, "areas"),
    ("merge keys", b"a: &a {x: 1}\nb:\n  <<: *a\n", 3, "write the keys out"),
    ("an unknown alias", b"a: *nobody\n", 1, "nobody"),
    ("a loop", b"a: &a [*a]\n", 1, "itself"),
    ("a list as key", b"? [a]\n: 1\n", 1, "colon"),
    ("a control character", b"a: \x00\n", 1, "UTF-8"),
    ("too deep", b"[" * 100_000, 1, "ten"),
    ("too large", b"#" * (MAX_BYTES + 1), 1, "parts"),
]


@pytest.mark.parametrize(("why", "content", "line", "mend"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(why: str, content: bytes, line: int, mend: str) -> None:
    """What cannot be read is refused with its line and a mend, quickly."""
    started = time.monotonic()
    with pytest.raises(UnreadableText) as caught:
        read_tree(content)
    assert caught.value.wrong.line == line, (why, caught.value.wrong)
    assert mend in caught.value.wrong.mend, caught.value.wrong
    assert time.monotonic() - started < 10


def test_billion_laughs() -> None:
    """Nested aliases are refused before they take memory."""
    lines = ["l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"l{at}: &l{at} [{', '.join([f'*l{at - 1}'] * 10)}]" for at in range(1, 12)]
    with pytest.raises(UnreadableText, match="explode"):
        read_tree("\n".join(lines))


def test_aliases() -> None:
    """A few aliases are a convenience and allowed."""
    root, wrongs = read_tree("a: &zone [[0, 0], [1, 0], [1, 1]]\nb: *zone\n")
    assert root.plain() == {"a": [[0, 0], [1, 0], [1, 1]], "b": [[0, 0], [1, 0], [1, 1]]}
    assert not wrongs


def test_a_key_given_twice() -> None:
    """The second of two equal keys is told with both lines; the first holds."""
    root, wrongs = read_tree("a: 1\nb: 2\na: 3\n")
    assert root.plain() == {"a": 1, "b": 2}
    assert [(each.line, each.what) for each in wrongs] == [(3, "the key a is given twice (first on line 1)")]


def test_json_is_yaml() -> None:
    """A JSON text is read too, with its lines."""
    root, _ = read_tree('{\n "areas": [\n  {"id": "a", "open": true, "n": null}\n ]\n}')
    assert root.plain() == {"areas": [{"id": "a", "open": True, "n": None}]}
    assert root.keys is not None
    assert root.key_lines["areas"] == 2


def test_a_byte_order_mark() -> None:
    """Editors on Windows write one; it means nothing."""
    assert read_tree("a: 1\n".encode("utf-8-sig"))[0].plain() == {"a": 1}
