"""What an apply would change, as tables: no database, no key, no hash."""

from __future__ import annotations

import pytest

from config.entries import Entry, Stored
from config.plan import plan, pruned

STORED = Stored("device", "cam", {"kind": "camera", "url": "rtsp://h/"}, {"password": "sealed:old"})


def same(_noun: str, _name: str, plain: str, kept: str) -> bool:
    """A stand-in for the box: what is sealed opens to what stands behind the colon."""
    return kept == f"sealed:{plain}"


Row = tuple[str, dict[str, object], dict[str, str | None], bool, str, dict[str, str], dict[str, str]]
ROWS: list[Row] = [
    # why, body, secrets, may the stored one stay, what happens, kept, new
    ("the same", {"kind": "camera", "url": "rtsp://h/"}, {"password": "old"}, True, "unchanged",
     {"password": "sealed:old"}, {}),
    ("kept by ***", {"kind": "camera", "url": "rtsp://h/"}, {"password": "***"}, True, "unchanged",
     {"password": "sealed:old"}, {}),
    ("not mentioned: kept", {"kind": "camera", "url": "rtsp://h/"}, {}, True, "unchanged",
     {"password": "sealed:old"}, {}),
    ("another password", {"kind": "camera", "url": "rtsp://h/"}, {"password": "new"}, True, "updated", {},
     {"password": "new"}),
    ("taken out", {"kind": "camera", "url": "rtsp://h/"}, {"password": None}, True, "updated", {}, {}),
    ("another path on the same host", {"kind": "camera", "url": "rtsp://h/2"}, {}, True, "updated",
     {"password": "sealed:old"}, {}),
    ("another host: the password does not follow", {"kind": "camera", "url": "rtsp://evil/"}, {}, False, "updated",
     {}, {}),
    ("another host and the right password", {"kind": "camera", "url": "rtsp://h2/"}, {"password": "old"}, False,
     "updated", {"password": "sealed:old"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "body", "secrets", "may", "what", "keep", "new"), ROWS, ids=[row[0] for row in ROWS]
)
def test_one_entry(
    why: str,
    body: dict[str, object],
    secrets: dict[str, str | None],
    may: bool,
    what: str,
    keep: dict[str, str],
    new: dict[str, str],
) -> None:
    """What happens to one stored camera."""
    entry = Entry("device", "cam", body, secrets)
    stored = {("device", "cam"): STORED}
    (change,) = plan(stored, [entry], gone=frozenset(), same=same, may_keep=lambda *_: may).all
    assert (change.what, change.keep, change.new) == (what, keep, new), why


def test_created_and_deleted() -> None:
    """A new entry is created; what is gone is deleted; counts add up."""
    entry = Entry("device", "new", {"kind": "sensor"}, {})
    stored = {("device", "cam"): STORED}
    changes = plan(stored, [entry], gone=frozenset({("device", "cam")}), same=same, may_keep=lambda *_: True)
    assert changes.counts() == {"created": 1, "updated": 0, "unchanged": 0, "deleted": 1}


def test_what_a_file_makes_go_away() -> None:
    """Routes are one table; the rest goes only with prune, only in sections the file has, never an administrator."""
    stored = [
        Stored("route", "route-1", {}, {}),
        Stored("route", "route-2", {}, {}),
        Stored("device", "cam", {}, {}),
        Stored("site", "s", {}, {}),
        Stored("user", "admin", {"role": "administrator"}, {}),
        Stored("user", "li", {"role": "operator"}, {}),
    ]
    wanted = [Entry("route", "route-1", {}, {})]
    given = frozenset({"route", "device", "user"})
    assert pruned(stored, wanted, given, prune=False) == {("route", "route-2")}
    assert pruned(stored, wanted, given, prune=True) == {
        ("route", "route-2"),
        ("device", "cam"),
        ("user", "li"),
    }
