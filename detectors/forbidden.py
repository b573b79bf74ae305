"""Forbidden: models that would say who somebody is. The hub watches places and conditions, never identities.

A model is refused by the words in its names and labels. It is a fence against mistakes and habits, not a
proof: somebody who renames a face model deceives the hub and breaks the law.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Use = Literal["detect", "blur"]
"""detect: finds things for rules; blur: only hides what it finds."""

IDENTITY = re.compile(
    r"""(?<!sur)(?<!inter)face          # face, faces, facenet, arcface; not surface, interface
      | facial | biometr | iris[-_ ]?rec
      | \b(licen[cs]e|number|car|vehicle|registration)[-_ ]?plates?\b
      | \bplates? (?=$|[^a-z])          # a bare label `plate`
      | \b[ah]?lpr(net)?\d*\b | \banpr\b
      | \bgait | \bre[-_ ]?id\b | \bosnet | re[-_ ]?identif
      | 人脸 | 面部 | 脸部 | 刷脸 | 车牌 | 号牌 | 步态 | 行人重识别 | 虹膜
    """,
    re.IGNORECASE | re.VERBOSE,
)

BLUR_MAY = re.compile(
    r"(?<!sur)face|facial|\b(licen[cs]e|number|car)[-_ ]?plates?\b|\bplates?\b|人脸|车牌|号牌", re.IGNORECASE
)
"""What a model that only hides things may find."""

RECOGNISES = re.compile(r"rec(og|\b)|embed|arcface|facenet|insight|\bre[-_ ]?id\b|识别|比对", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model may not be loaded, and what to do."""

    what: str
    mend: str


def plain(text: str) -> str:
    """Underscores and camel case are word borders too."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ")


def why_forbidden(names: Iterable[str], labels: Iterable[str], *, use: Use) -> Refusal | None:
    """Why a model with these names and labels is refused, or None.

    A model with `use: blur` may find faces and plates, because it hides them; recognising stays forbidden.
    """
    for kind, texts in (("name", names), ("label", labels)):
        for text in texts:
            spread = plain(text)
            found = IDENTITY.search(spread) or IDENTITY.search(text)
            if found is None:
                continue
            if use == "blur" and BLUR_MAY.search(spread) and not RECOGNISES.search(spread):
                continue
            return Refusal(
                f"the {kind} {text!r} speaks of {found.group().strip()!r}: "
                "models of faces, plates or gait are never loaded",
                "the hub watches places and conditions, not identities; a detector that only hides what it "
                "finds carries `use: blur`, tableware is labelled `dish`, a mask condition `mask`/`no mask`",
            )
    return None
