"""Which words make a model forbidden, and which only look like it."""

from __future__ import annotations

from typing import Literal

import pytest

from detectors.forbidden import why_forbidden

ROWS: list[tuple[str, Literal["detect", "blur"], bool, str]] = [
    ("face", "detect", True, "the plain word"),
    ("Faces", "detect", True, "plural, capital"),
    ("FaceNet", "detect", True, "camel case"),
    ("insightface_buffalo_l", "detect", True, "inside a name"),
    ("face-mask", "detect", True, "a mask condition is labelled `mask`"),
    ("wet surface", "detect", False, "surface is no face"),
    ("user interface", "detect", False, "interface is no face"),
    ("license plate", "detect", True, "American"),
    ("licence_plates", "detect", True, "British, underscore"),
    ("number-plate", "detect", True, "hyphen"),
    ("plate", "detect", True, "a bare plate may be anything"),
    ("template", "detect", False, "plate inside a word"),
    ("LPRNet", "detect", True, "reads plates"),
    ("hyperlpr3", "detect", False, "glued names are not taken apart: the fence is against mistakes"),
    ("GaitSet", "detect", True, "gait"),
    ("waiter", "detect", False, "not gait"),
    ("person-reid-0300", "detect", True, "finds somebody again"),
    ("osnet_x1_0", "detect", True, "finds somebody again"),
    ("车牌", "detect", True, "Chinese plate"),
    ("步态识别", "detect", True, "Chinese gait"),
    ("人", "detect", False, "a person is no identity"),
    ("person", "detect", False, "a person is no identity"),
    ("face", "blur", False, "to be hidden"),
    ("license plate", "blur", False, "to be hidden"),
    ("face recognition", "blur", True, "hiding needs no recognising"),
    ("gait", "blur", True, "nothing to hide there"),
]


@pytest.mark.parametrize(("text", "use", "refused", "reason"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS])
def test_words(text: str, use: Literal["detect", "blur"], refused: bool, reason: str) -> None:
    """Each word as a name and as a label."""
    assert (why_forbidden([text], [], use=use) is not None) is refused, reason
    assert (why_forbidden([], [text], use=use) is not None) is refused, reason


def test_the_refusal_names_the_word_and_a_way() -> None:
    """What was found, and what to do instead."""
    refused = why_forbidden(["tiny"], ["person", "face"], use="detect")
    assert refused is not None
    assert "label 'face'" in refused.what
    assert "use: blur" in refused.mend
