"""Category: one row of the county's catalogue of matters: when a case opens and closes, who has it, how long; pure.

A case whose `category` is a word of the catalogue follows that row: its unit and workflow take the place of the
route's, its limits the place of the workflow's. A case whose category the catalogue does not know (the word of a
condition, a kind of report) follows the route alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from alerts.limit import Limit
from alerts.route import Chosen
from alerts.workflow import Workflow
from detectors.signal import Severity
from ingest.errors import InvalidInput
from ingest.text import Text

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Category:
    """One matter (小类), or a group of matters (大类), which has no `big` of its own.

    Attributes:
        id: The word that cases carry.
        name: In both languages.
        big: The group it belongs to; None for a group.
        opens: When a case is to be opened (立案条件).
        closes: When it may be closed (结案条件).
        limits: Time for a step, by its word, instead of the workflow's own.
        unit: Who has it, None for whom the route says.
        workflow: Id of the closed loop, None for the route's.
        severity: Of a report that says none.
        retired: No new case is opened with it; of a group: with none of its matters.
    """

    id: str
    name: Text
    big: str | None = None
    opens: Text = NOTHING
    closes: Text = NOTHING
    limits: Mapping[str, Limit] = field(default_factory=dict)
    unit: str | None = None
    workflow: str | None = None
    severity: Severity | None = None
    retired: bool = False

    def as_dict(self) -> dict[str, object]:
        """As a case shows it: `{id, big, name, opens, closes}`."""
        return {
            "id": self.id,
            "big": self.big,
            "name": self.name.as_dict(),
            "opens": self.opens.as_dict(),
            "closes": self.closes.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where a new case goes.

    Attributes:
        category: Its word, of the catalogue or not.
        unit: Whom it is given to.
        units: Who is called at once, `unit` first.
        workflow: The closed loop it follows, with the limits of its category.
    """

    category: str
    unit: str
    units: tuple[str, ...]
    workflow: Workflow


def assign(
    chosen: Chosen, word: str, *, categories: Mapping[str, Category], workflows: Mapping[str, Workflow]
) -> Assigned | None:
    """What route and row say together: the row's unit stands in for that of the route that decided.

    None when the workflow is no longer there.
    """
    route, category = chosen.route, categories.get(word)
    workflow = workflows.get((category.workflow if category else None) or route.workflow)
    if workflow is None:
        return None
    unit = (category.unit if category else None) or route.unit
    others = tuple(each for each in chosen.units if each not in {route.unit, unit})
    return Assigned(word, unit, (unit, *others), with_limits(workflow, category))


def with_limits(workflow: Workflow, category: Category | None) -> Workflow:
    """The workflow with the limits of the row; steps that the row does not name keep theirs."""
    if category is None or not category.limits:
        return workflow
    steps = tuple(
        replace(each, limit=category.limits[each.step]) if each.step in category.limits else each
        for each in workflow.steps
    )
    return replace(workflow, steps=steps)


def named(categories: Mapping[str, Category], word: str) -> Category:
    """The row that a new report asks for; InvalidInput for a word that is unknown, a group, or retired."""
    found = categories.get(word)
    if found is None:
        near = get_close_matches(word, list(categories), 1, 0.6)
        mend = f"did you mean {near[0]}?" if near else "GET /api/v1/categories lists them"
        raise InvalidInput(f"there is no category {word!r}", where="category", mend=mend)
    if found.big is None:
        raise InvalidInput(
            f"{word} ({found.name.zh}) is a group of categories",
            where="category",
            mend=f"name one of its own: GET /api/v1/categories?big={word}",
        )
    if is_retired(categories, found):
        raise InvalidInput(f"the category {word} ({found.name.zh}) is retired", where="category")
    return found


def is_retired(categories: Mapping[str, Category], category: Category) -> bool:
    """Whether no new case takes it: retired itself, or with its group."""
    above = categories.get(category.big or "")
    return category.retired or (above is not None and above.retired)


def search(
    categories: Mapping[str, Category], *, words: str = "", big: str | None = None, retired: bool = False
) -> Iterable[Category]:
    """The rows, by id, that hold every word of `words` in their id, names, conditions or group.

    `big` is a group's id or one of its names; `retired` ones are left out unless asked for.
    """
    asked = words.casefold().split()
    groups = {
        each.id
        for each in categories.values()
        if big in {each.id, each.name.zh, each.name.en} and not each.big
    }
    for key in sorted(categories):
        each = categories[key]
        if big is not None and each.big not in groups:
            continue
        if not retired and is_retired(categories, each):
            continue
        above = categories.get(each.big or "")
        texts = [each.name, each.opens, each.closes, *([above.name] if above else [])]
        hay = " ".join([each.id, *(text for both in texts for text in (both.zh, both.en))]).casefold()
        if all(word in hay for word in asked):
            yield each
