"""Naming: what a taught condition may be called: a condition of a place or of clothing, never who somebody is. Pure."""

from __future__ import annotations

import re

from detectors.forbidden import why_forbidden
from ingest.errors import InvalidInput

LONGEST = 56
"""Letters: with `-v` and a number it is a model's id, which has 63 at most."""
_FORM = re.compile(r"^[a-z0-9][a-z0-9-]*$")


def check_condition(condition: str) -> None:
    """InvalidInput when the word is none, or speaks of faces, plates, gait or identities."""
    if len(condition) > LONGEST or not _FORM.match(condition):
        raise InvalidInput(
            f"{condition!r} is no word for a condition",
            where="condition",
            mend=f"write small letters, digits and hyphens, {LONGEST} at most, such as bin-uncovered",
        )
    refused = why_forbidden([condition], [condition], use="detect")
    if refused:
        raise InvalidInput(refused.what, where="condition", mend=refused.mend)


def model_id(condition: str, version: int) -> str:
    """The folder and id of one version."""
    return f"{condition}-v{version}"
