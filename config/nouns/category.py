"""Category: one row of the catalogue of matters, or a group of rows."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from alerts.category import NOTHING
from config.fields import CaseLimit, Id, Name, name_of, plain_name
from config.nouns.item import Item
from detectors.signal import Severity
from ingest.text import Text


def _sentence(value: object) -> Text:
    return NOTHING if value in ("", None, NOTHING) else name_of(value)


Sentence = Annotated[Text, BeforeValidator(_sentence), PlainSerializer(plain_name)]
"""A text, or `{zh, en}`; may be empty."""


class Category(Item):
    """One matter with its conditions, limits and unit; without `big` a group of matters.

    `config/categories.yaml` explains each key.
    """

    id: Id
    name: Name
    big: Id | None = None
    opens: Sentence = NOTHING
    closes: Sentence = NOTHING
    limits: dict[Id, CaseLimit] = Field(default_factory=dict)
    unit: Id | None = None
    workflow: Id | None = None
    severity: Severity | None = None
    retired: bool = False

    @model_validator(mode="after")
    def _group_or_matter(self) -> Self:
        if self.big == self.id:
            raise ValueError("a category cannot belong to itself; leave big out for a group")
        if self.big is None and (self.unit or self.workflow or self.limits or self.severity):
            raise ValueError(
                "a group has no unit, workflow, limits or severity of its own; "
                "name the group it belongs to with big, or take them out"
            )
        return self
