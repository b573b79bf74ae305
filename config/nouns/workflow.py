"""Workflow: a county's own closed loop."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from alerts.closing import CLEAR_FOR
from config.fields import CaseLimit, Id, Name
from config.nouns.item import Item
from config.nouns.user import Role
from detectors.rule import Duration


class WorkflowStep(Item):
    """One step of a workflow; `config/workflows.yaml` explains each key."""

    step: Id
    name: Name
    roles: tuple[Role, ...] = Field(min_length=1)
    limit: CaseLimit | None = None
    needs: tuple[Literal["to", "note", "photo", "photo-before", "photo-after"], ...] = ()
    by_unit: bool = False
    independent: bool = False
    return_to: Id | None = None
    all_reported: bool = False
    rated: bool = False


class Workflow(Item):
    """A county's own closed loop, beside the five that are shipped."""

    id: Id
    name: Name
    steps: tuple[WorkflowStep, ...] = Field(min_length=1)
    calendar: Id | None = None
    clear_for: Duration = CLEAR_FOR
