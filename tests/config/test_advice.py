"""What `hub check` says of a registry that is right and yet probably not meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.advice import advice
from config.load import load

COUNTY = (Path(__file__).parent / "county.yaml").read_text("utf-8")
MODELS = {"coco-ssd": frozenset({"person", "car"})}

ROWS: list[tuple[str, str, str, str, str, str]] = [
    ("a camera without sign and filing", "sign_posted: true, filed_no: 12", "sign_posted: false",
     "devices school-1-cam", "sign_posted: true, filed_no", "owner"),
    ("a rule that sees nothing", "sites: [school-1], quantity", "sites: [village-1], quantity", "rules fridge-warm",
     "watches nothing now", "check"),
    ("a camera whose model is not there", "model: coco-ssd", "model: yolo", "rules after-hours",
     "'yolo' is not usable", "coco-ssd"),
    ("a class the model does not know", "classes: [person]", "classes: [persn]", "rules after-hours",
     "no class 'persn'", "did you mean person?"),
    ("a class that another must be at", "kind: presence,", "kind: overlap, others: [persn],", "rules after-hours",
     "no class 'persn'", "did you mean person?"),
    ("a condition that looks misspelt", "person-after-hours", "person-afterhours", "rules after-hours",
     "conditions.yaml", "did you mean person-after-hours?"),
    ("a condition nobody raises", "[smoke-seen, gas-level]", "[smoke-sen, gas-level]", "together kitchen-fire",
     "smoke-sen", "check the word"),
    ("a route behind the one for all", "  - {unit: duty-room}",
     "  - {unit: duty-room}\n  - {match: {area: east}, unit: duty-room}", "routes route-3", "never reached",
     "move it up"),
    ("a user who sees nothing", "areas: [county], site_kinds", "site_kinds", "users wang", "sees nothing", "areas"),
]  # fmt: skip


def test_nothing_to_say() -> None:
    """A county in which all is well is left in peace."""
    assert advice(load(COUNTY), MODELS) == ()


@pytest.mark.parametrize(("why", "right", "odd", "about", "what", "mend"), ROWS, ids=[row[0] for row in ROWS])
def test_advice(why: str, right: str, odd: str, about: str, what: str, mend: str) -> None:
    """Each odd thing is told once, with what to do."""
    assert right in COUNTY
    (told,) = advice(load(COUNTY.replace(right, odd, 1)), MODELS)
    assert told.about == about, why
    assert what in told.what
    assert mend in told.mend
