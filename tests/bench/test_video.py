"""The video benchmark in its shortest form, for correctness only, never for speed; and its arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.video import many
from bench.video.__main__ import main
from bench.video.contestant import Cost
from bench.video.curve import steps
from bench.video.films import KITCHEN, STREET
from bench.video.page import put
from bench.video.raw import Alone
from bench.video.verdict import Run, claims, rows
from bench.video.watch import Raises, Watch

ALONE = Alone(decode_ms=1.0, inference_ms=15.0)


def cost(cpu: float, decoded: float = 25.0, analysed: float = 5.0, received: float = 25.0) -> Cost:
    """Of two cameras."""
    return Cost(cpu=cpu, received=(25.0, received), decoded=(decoded, decoded), analysed=(analysed, analysed))


def test_a_ratio_is_void_when_the_peer_costs_too_much_or_looks_too_rarely() -> None:
    """Alone, two cameras cost 2 × (25 × 1 ms + 5 × 15 ms) = 0.2 of a core."""
    runs = [
        Run("quiet", "cbr", "hub", cost(0.02, 0.5, 0.0), ALONE),
        Run("quiet", "cbr", "opencv", cost(0.31), ALONE),
        Run("quiet", "cbr", "pyav", cost(0.28), ALONE),
        Run("busy", "cbr", "opencv", cost(0.2, 25.0, 4.6), ALONE),
        Run("busy", "cbr", "opencv + motion gate", cost(0.1, received=19.0), ALONE),
        Run("quiet", "vbr", "opencv + motion gate", cost(0.1, 25.0, 0.0), Alone(1.0, 15.0, 2.0)),
    ]
    runs.append(Run("mixed", "cbr", "pyav", replace(cost(0.2), stolen=0.4), ALONE))
    void = [row.void for row in rows(runs, 5.0, 25.0)]
    assert void.pop() == "ran while others on the host took 40% of a core"
    assert void[:2] == ["", ""]
    assert void[2] == "costs 1.40 times its steps alone, more than 1.35"
    assert void[3] == "looked only 4.60 times a second"
    assert void[5] == ""  # its gate's looks are steps as well: 2 × (25 × 1 ms + 5 × 2 ms) = 0.07
    assert void[4] == "took only 19.0 pictures a second"


def test_what_must_hold_is_judged_by_medians_and_ratios() -> None:
    """A quiet peer must cost so many times the hub; a busy picture of the hub little more than its parts."""
    runs = [
        Run("quiet", "vbr", "hub", cost(each, 0.5, 0.0), ALONE) for each in (0.02, 0.021, 0.5)
    ]  # one slow minute
    runs += [
        Run("quiet", "vbr", "opencv", cost(0.25), ALONE),
        Run("quiet", "vbr", "pyav", cost(0.18), ALONE),
        Run("quiet", "vbr", "opencv + motion gate", cost(0.07, 25.0, 0.0), ALONE),
        Run("busy", "vbr", "hub", cost(0.22), ALONE),
        Run("busy", "vbr", "opencv", cost(0.21), ALONE),
        Run("busy", "vbr", "pyav", cost(0.12), Alone(0.5, 7.5)),  # the machine was twice as fast
    ]
    answers = {claim.what: claim.answer for claim in claims(rows(runs, 5.0, 25.0), runs, 5.0, 25.0)}
    assert answers == {
        "quiet, vbr: opencv costs so many times the hub": "passed",
        "quiet, vbr: pyav costs so many times the hub": "not passed",
        "quiet, vbr: opencv + motion gate costs so many times the hub": "not passed",
        "busy, vbr: an analysed picture costs the hub so many times its decoding and inference": "passed",
        "busy, vbr: an analysed picture costs the hub, over opencv": "not passed",
        "busy, vbr: an analysed picture costs the hub, over pyav": "passed",
    }


def test_the_numbers_of_cameras_rise_to_the_most() -> None:
    """By half each, by one at least."""
    assert steps(20) == [1, 2, 3, 4, 6, 9, 13, 19, 20]
    assert steps(1) == [1]


def test_the_worst_window_counts() -> None:
    """Twenty seconds at 25 packets, ten at 20, twenty at 25 again: a window of ten seconds had only 20."""
    watch, at, received = Watch(), datetime(2026, 1, 1, tzinfo=UTC), 0
    for step in range(26):
        camera = {"device": "a", "received": received, "analysed": step * 10}
        watch.hear({"at": (at + timedelta(seconds=2 * step)).isoformat(), "cameras": [camera]})
        received += 40 if 10 <= step < 15 else 50
    assert watch.worst("a") == (20.0, 5.0)
    assert watch.worst("b") == (0.0, 0.0)


def test_a_raise_is_timed_once() -> None:
    """Renewed it is the same raise, also when it began before the run; an end is none."""
    raises, at = Raises(), datetime(2026, 1, 1, tzinfo=UTC)
    signal: dict[str, object] = {
        "rule": "r",
        "state": "active",
        "since": (at - timedelta(seconds=30)).isoformat(),
    }
    raises.hear(signal, at - timedelta(seconds=29))
    raises.clear()
    raises.hear(signal, at)
    for state, since, heard in (
        ("active", 0, 0.2),
        ("active", 0, 10.2),
        ("inactive", 15, 16),
        ("active", 20, 20.1),
    ):
        signal = {"rule": "r", "state": state, "since": (at + timedelta(seconds=since)).isoformat()}
        raises.hear(signal, at + timedelta(seconds=heard))
    assert raises.seconds == [pytest.approx(0.2), pytest.approx(0.1)]


def test_a_result_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """What stands around the marks stays; a document without them is refused."""
    document = tmp_path / "benchmarks.md"
    document.write_text("above\n<!-- video -->\nold\n<!-- /video -->\nbelow\n", "utf-8")
    put(document, "video", "new\n")
    assert document.read_text("utf-8") == "above\n<!-- video -->\nnew\n<!-- /video -->\nbelow\n"
    with pytest.raises(ValueError, match="has no <!-- video-curve -->"):
        put(document, "video-curve", "new")


@pytest.mark.slow
@pytest.mark.timeout(400)  # films are made on the first run
@pytest.mark.skipif(not (STREET.is_file() and KITCHEN.is_file()), reason="no footage: run `make setup`")
def test_hub_and_peers_are_measured_and_the_page_is_written(tmp_path: Path) -> None:
    """One camera for a moment: everybody receives, the table and the picture name everybody."""
    document = tmp_path / "benchmarks.md"
    document.write_text("<!-- video -->\n<!-- /video -->\n", "utf-8")
    short = "--cameras 1 --seconds 2 --settle 0 --repeats 1 --scenes quiet --codings cbr"
    assert main([*short.split(), "--page", str(document)]) == 0
    text = document.read_text("utf-8")
    picture = (tmp_path / "images" / "bench-video.svg").read_text("utf-8")
    for name in ("hub", "opencv", "opencv + motion gate", "pyav"):
        assert f"| quiet, cbr | {name} |" in text
        assert f">{name}</text>" in picture
    assert "quiet, cbr: opencv costs so many times the hub" in text


@pytest.mark.slow
@pytest.mark.timeout(400)  # films are made on the first run
@pytest.mark.skipif(not (STREET.is_file() and KITCHEN.is_file()), reason="no footage: run `make setup`")
def test_many_cameras_are_watched_and_the_page_is_written(tmp_path: Path) -> None:
    """One quiet and one busy camera for a moment: each promise is answered one way or the other."""
    document = tmp_path / "benchmarks.md"
    document.write_text("<!-- video-many -->\n<!-- /video-many -->\n", "utf-8")
    short = "--quiet 1 --busy 1 --seconds 4 --settle 0 --workers 1"
    assert many.main([*short.split(), "--page", str(document)]) == 0
    text = document.read_text("utf-8")
    assert "1 quiet and 1 busy cameras for" in text
    for promise in (
        "received, quiet",
        "received, busy",
        "analysed, busy",
        "ms from frame to published signal",
    ):
        assert promise in text


@pytest.mark.slow
@pytest.mark.timeout(400)  # films are made on the first run
@pytest.mark.skipif(not (STREET.is_file() and KITCHEN.is_file()), reason="no footage: run `make setup`")
def test_the_curve_is_drawn(tmp_path: Path) -> None:
    """One step of two contestants: both stand in the table and in the picture."""
    document = tmp_path / "benchmarks.md"
    document.write_text("<!-- video-curve -->\n<!-- /video-curve -->\n", "utf-8")
    short = "--curve --numbers 1 --seconds 1 --settle 0 --scenes quiet --codings cbr --contestants hub pyav"
    assert main([*short.split(), "--page", str(document)]) == 0
    text = document.read_text("utf-8")
    picture = (tmp_path / "images" / "bench-video-curve-quiet.svg").read_text("utf-8")
    for name in ("hub", "pyav"):
        assert f"| {name} | 1 |" in text
        assert f">{name}</text>" in picture
