"""Workflow files: what is wrong with one is said with its path."""

from __future__ import annotations

import pytest

from alerts.workflow import parse_workflows
from ingest.errors import InvalidInput

STEP = {"step": "accept", "name": "受理", "roles": ["operator"]}


def flow(*steps: object, **more: object) -> dict[str, object]:
    return {"workflows": [{"id": "w", "name": "w", "steps": list(steps), **more}]}


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        pytest.param([], "workflows.yaml", "mapping", id="not a mapping"),
        pytest.param({"workflows": {}}, "workflows", "list", id="not a list"),
        pytest.param(flow(), "workflows[0].steps", "needs steps", id="no step"),
        pytest.param(flow(STEP, STEP), "workflows[0].steps", "once", id="a word twice"),
        pytest.param(flow({**STEP, "rolls": []}), "workflows[0].steps[0]", "'rolls'", id="a typing mistake"),
        pytest.param(flow({**STEP, "limit": "soon"}), "workflows[0].steps[0].limit", "is not a limit", id="no limit"),
        pytest.param(flow({**STEP, "name": {}}), "workflows[0].steps[0].name", "name", id="no name"),
        pytest.param(flow({**STEP, "name": 7}), "workflows[0].steps[0].name", "name", id="a number for a name"),
        pytest.param(flow({**STEP, "return_to": "later"}), "workflows[0].steps.accept", "no earlier",
                     id="back to nowhere"),
        pytest.param(flow({"name": "x"}), "workflows[0].steps[0].step", "word", id="a step without its word"),
        pytest.param(
            {"workflows": [{"id": "w", "name": "w", "steps": [STEP]}] * 2}, "workflows[1].id", "twice", id="an id twice"
        ),
        pytest.param(
            {**flow(STEP), "actions": [{"action": "x", "name": "x", "effect": "explode"}]}, "actions[0]", "'explode'",
            id="an effect that is not there",
        ),
        pytest.param(
            {**flow(STEP), "actions": [{"action": "urge", "name": "x", "from": ["asleep"]}]}, "actions[0]", "'asleep'",
            id="a status that is not there",
        ),
        pytest.param(
            {**flow(STEP), "actions": [{"action": "accept", "name": "x", "effect": "urge"}]}, "workflows[0].steps",
            "beside", id="an action with a step's word",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_path(data: object, where: str, words: str) -> None:
    """InvalidInput, never a KeyError from inside."""
    with pytest.raises(InvalidInput, match=words) as wrong:
        parse_workflows(data)
    assert wrong.value.where == where


def test_a_small_workflow() -> None:
    """Defaults: no clock, the step before, nothing needed."""
    (found,) = parse_workflows(flow(STEP, {**STEP, "step": "verify", "limit": "4h"})).values()
    assert (found.steps[0].limit, found.before("verify"), found.after("verify")) == (
        None,
        found.steps[0],
        None,
    )
