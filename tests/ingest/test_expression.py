"""Expressions of mappings: they find one value, say their mistakes by character, and end soon whatever they are."""

from __future__ import annotations

import pytest

from ingest.errors import InvalidInput, MalformedPayload
from ingest.expression import MAX_LENGTH, MAX_STEPS, Reader, parse, path

BODY = {
    "sn": "A17",
    "t-1": 4.2,
    "温度": 5,
    "data": [{"k": "temp", "v": "4.2"}, {"k": "hum", "v": 61}],
    "nested": {"a": {"b": True}},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sn", "A17"),
        ('"t-1"', 4.2),
        ('"温度"', 5),
        ("nested.a.b", True),
        ("data[0].v", "4.2"),
        ("data[?k=='hum'].v | [0]", 61),
        ("to_number(data[0].v)", 4.2),
        ("to_number('1_000')", None),
        ("missing", None),
        ("missing.below[3]", None),
        ("sn == 'A17'", True),
        ("not_null(missing, sn)", "A17"),
    ],
)
def test_finds(text: str, found: object) -> None:
    """What is not there is None, never an error."""
    assert parse(text).find(BODY, Reader()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a.", "breaks off"),
        ("a[", "breaks off"),
        ("温度", "from character 1"),
        ("a b", "from character 3"),
        ("t-1", "from character 2"),
        ("__class__()", "no function __class__()"),
        ("to_string(@)", "no function to_string()"),
        ("length(a, b)", "takes 1 argument"),
        ("a[::0]", "step 0"),
        ("[[[[a]]]]", "too much"),
        ("[a,b,c,d,e,f,g,h,i]", "too much"),
        (".".join("a" * 1 for _ in range(120)), "too much"),
        ("a" * (MAX_LENGTH + 1), "characters"),
        ("(" * 400, "breaks off"),
        ("!" * 400 + "a", "too much"),
    ],
)
def test_mistakes_are_said(text: str, said: str) -> None:
    """Before anything is saved, with the character where it goes wrong."""
    with pytest.raises(InvalidInput) as wrong:
        parse(text)
    assert said in str(wrong.value)


def test_python_is_out_of_reach() -> None:
    """A name is a key of the message and nothing else."""
    for text in ("__class__", "__init__.__globals__", "get", "items"):
        assert parse(text).find(BODY, Reader()) is None
        assert parse(text).find([1], Reader()) is None
        assert parse(text).find("text", Reader()) is None


@pytest.mark.parametrize(
    "text",
    [
        "[@,@][] | [@,@][] | [@,@][]",
        "map(&map(&sort_by(@, &x), @), @)",
        "[?contains(@, @)]",
        "[*].[*].[*]",
        "join('', [@,@,@,@,@,@,@,@])",
        "sum(@) > 'a'",
        "max(@)",
        "abs(sn)",
        "[::-1] | reverse(@)",
    ],
)
def test_evaluation_is_bounded(text: str) -> None:
    """It finds something or is refused; the allowance holds for all expressions of a message."""
    enemies: list[object] = [
        [1] * 10_000,
        [[1, 2]] * 9_000,
        "x" * 250_000,
        {"sn": "x", "a": [1, "2"]},
        [{"x": "1"}, {"x": 1}],
        ["x" * 200_000] * 8,
        None,
    ]
    for enemy in enemies:
        reader, reason = Reader(), ""
        try:
            for _ in range(10):
                parse(text).find(enemy, reader)
        except MalformedPayload as wrong:
            reason = wrong.reason
        assert reason in {"", "wrong-type", "too-many-steps"}
        assert -1 <= reader._left <= MAX_STEPS


def test_a_path_is_quoted_where_it_must_be() -> None:
    """A guessed path finds what it was made from."""
    for keys in (("a", "b"), ("t-1",), ("温度", "x y"), ('a"b', "c\\d"), ("1st",)):
        body: object = 7
        for key in reversed(keys):
            body = {key: body}
        assert parse(path(*keys)).find(body, Reader()) == 7
