"""Score: one answer to the question how satisfied somebody is with how a case was handled; pure.

It comes with a step that takes one (`rated: true` in a workflow: evaluate, archive, follow up, assess), or later by
the action `rate`, from a follow-up call (回访). It stands in the history of the case, under its seal, with who wrote
it down. Of a person who answered nothing is kept but what he is to the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ingest.errors import InvalidInput

By = Literal["reporter", "site", "public", "supervisor"]
"""Who answered: who reported the matter, the site it is about, somebody else it touches, or the supervisor himself."""

How = Literal["call", "visit", "message", "form"]

BY: tuple[By, ...] = get_args(By)
HOW: tuple[How, ...] = get_args(How)

LOWEST, HIGHEST = 1, 5

SATISFIED = 4
"""From this score on an answer counts as satisfied (4 satisfied 满意, 5 very satisfied 非常满意)."""


@dataclass(frozen=True, slots=True)
class Score:
    """One answer.

    Attributes:
        value: 1 (very dissatisfied) to 5 (very satisfied).
        by: Word of BY.
        how: Word of HOW.
    """

    value: int
    by: By
    how: How

    def as_dict(self) -> dict[str, object]:
        """As a history keeps it: `{score, by, how}`."""
        return {"score": self.value, "by": self.by, "how": self.how}


def score_of(value: int | None, by: By | None, how: How | None) -> Score | None:
    """The answer that a request carries, None when it carries none; raises InvalidInput for half of one."""
    if value is None and by is None and how is None:
        return None
    if value is None or by is None or how is None:
        raise InvalidInput(
            "a score needs score, by and how together",
            where="score",
            mend=f"score 1 to 5, by one of {', '.join(BY)}, how one of {', '.join(HOW)}",
        )
    if not LOWEST <= value <= HIGHEST:
        raise InvalidInput(f"score {value} is not between {LOWEST} and {HIGHEST}", where="score")
    return Score(value, by, how)
