"""Retry: pauses are short for what is cheap, long for what is dear or locks an account."""

from __future__ import annotations

from ingest.video.retry import DEAREST_PAUSE, FIRST_PAUSE, LONGEST_PAUSE, REFUSED_LOGIN, Retry


def pauses(reason: str, times: int, *, cpu: float = 0.0, away: float | None = None) -> list[float]:
    """The pauses after so many failures in a row."""
    retry = Retry()
    return [retry.failed(reason, cpu=cpu, wall=0.0, away=away) for _ in range(times)]


def test_pauses_double_to_the_longest() -> None:
    """Half a second, doubled up to 3 s, and never more for what costs nothing."""
    assert pauses("refused", 5) == [0.5, 1.0, 2.0, LONGEST_PAUSE, LONGEST_PAUSE]


def test_after_packets_it_begins_anew() -> None:
    """A stream that delivered is tried at once after its end."""
    retry = Retry()
    for _ in range(5):
        retry.failed("refused", cpu=0, wall=0, away=None)
    retry.delivered()
    assert retry.failed("ended", cpu=0, wall=0, away=0.1) == FIRST_PAUSE


def test_a_wrong_password_is_not_said_again_soon() -> None:
    """Cameras lock accounts: 10 s, doubled up to a minute."""
    assert pauses("unauthorized", 5) == [10.0, 20.0, 40.0, 60.0, 60.0]
    assert REFUSED_LOGIN == (10.0, 60.0)


def test_an_attempt_pays_for_itself() -> None:
    """8 ms of processor time are followed by 10 s, so that no camera that is away costs 0.1 % of a core."""
    assert pauses("garbage", 1, cpu=0.008) == [10.0]
    assert pauses("garbage", 1, cpu=5.0) == [DEAREST_PAUSE]


def test_a_camera_that_lived_lately_is_tried_often() -> None:
    """In the first minute after its last keyframe it is back soon, whatever the attempts cost."""
    assert pauses("garbage", 1, cpu=5.0, away=30.0) == [LONGEST_PAUSE]
    assert pauses("garbage", 1, cpu=5.0, away=90.0) == [DEAREST_PAUSE]
