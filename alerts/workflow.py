"""Workflow: the steps of a closed loop as data, and the table of what may be done in which status.

`config/workflows.yaml` has this shape (limits are editable defaults):

    workflows:
      - id: seven-step
        name: {zh: 七步闭环, en: Seven steps}
        steps:
          - step: accept                    # the word that is due, and the action that completes it
            name: {zh: 受理, en: Accept}
            roles: [operator, dispatcher]   # who may
            limit: 30m                      # time for this step, also 4wh or 2wd; leave out for no clock
          # `to` names the unit that is called; `by_unit`: only the case's own units may
          - {step: dispatch, name: …, roles: [dispatcher], limit: 30m, needs: [to]}
          - {step: handle, name: …, roles: [handler], limit: 4h, by_unit: true}
          - {step: verify, name: …, roles: [operator], limit: 4h, independent: true, return_to: handle}
    actions:                                # beside the steps, for every workflow
      - {action: return, name: …, roles: [dispatcher], from: [open], effect: return, needs: [note]}

`needs` names what the request must carry: `to`, `note`, `score`, or a photo (`photo-after`). `by_unit` marks the
steps done by the case's own units; whoever did one of them can never do an `independent` step of the same case.
`return_to` is the step that `return` falls back to (default: the step before). `effect` is one of EFFECTS; default: the
action's own word. `rated: true` lets a step take a score (alerts/score.py). `source` beside a limit says where the
number comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast, get_args

from alerts.attachment import PHOTOS
from alerts.closing import CLEAR_FOR
from alerts.limit import Limit, parse_limit
from ingest.duration import parse_duration
from ingest.errors import InvalidInput, UnknownAction
from ingest.text import Text

Status = Literal["open", "paused", "closed", "false_alarm", "cancelled", "merged"]
Effect = Literal[
    "complete", "return", "transfer", "ask-extension", "extend", "resume", "urge", "escalate", "call", "report-in",
    "merge", "unmerge", "reopen", "false-alarm", "cancel", "note",
]  # fmt: skip

EFFECTS: tuple[Effect, ...] = get_args(Effect)
STATUSES: tuple[Status, ...] = get_args(Status)

NEEDS = frozenset({"to", "note", "score", *PHOTOS})
"""`to` is a unit, `score` how satisfied somebody is, the others photos that the action names."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `step` is the word that is due and the action that completes it.

    Attributes:
        step: Word, such as `verify`.
        name: In both languages.
        roles: Who may complete it.
        limit: Time for it, None for no clock.
        needs: What the request must carry; words of NEEDS.
        by_unit: Done by the units the case was given to, by nobody else.
        independent: Never done by somebody who did a `by_unit` step of this case.
        return_to: The step that `return` falls back to; None: the step before.
        all_reported: Not before every unit that was called has reported in.
        rated: May carry how satisfied somebody is.
    """

    step: str
    name: Text
    roles: frozenset[str]
    limit: Limit | None = None
    needs: frozenset[str] = frozenset()
    by_unit: bool = False
    independent: bool = False
    return_to: str | None = None
    all_reported: bool = False
    rated: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """Something that may be done beside the steps.

    Attributes:
        action: Word, such as `transfer`.
        name: In both languages.
        roles: Who may do it.
        statuses: In which status of the case.
        effect: What it does; one of EFFECTS.
        needs: What the request must carry; words of NEEDS.
        rated: May carry how satisfied somebody is.
        anywhere: Also on a case that the command platform decides.
    """

    action: str
    name: Text
    roles: frozenset[str]
    statuses: frozenset[Status]
    effect: Effect
    needs: frozenset[str] = frozenset()
    rated: bool = False
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """A closed loop.

    Attributes:
        id: `seven-step`, …
        name: In both languages.
        steps: In order; the case closes when the last is done.
        actions: What may be done beside the steps, by word.
        calendar: Id of the calendar its limits are counted in, None for that of the place.
        clear_for: How long a watched condition must have been clear before the last step can be completed.
    """

    id: str
    name: Text
    steps: tuple[Step, ...]
    actions: Mapping[str, Action]
    calendar: str | None = None
    clear_for: timedelta = CLEAR_FOR

    def index(self, step: str) -> int:
        """Where `step` stands; raises InvalidInput for a word this workflow does not have."""
        for at, each in enumerate(self.steps):
            if each.step == step:
                return at
        raise InvalidInput(f"workflow {self.id} has no step {step!r}", mend=f"one of {self.words()}")

    def step(self, step: str) -> Step:
        """The step of that word."""
        return self.steps[self.index(step)]

    def after(self, step: str) -> Step | None:
        """The step that is due next, None after the last."""
        at = self.index(step) + 1
        return self.steps[at] if at < len(self.steps) else None

    def before(self, step: str) -> Step | None:
        """Where `return` falls back to, None at the first step."""
        at = self.index(step)
        back = self.steps[at].return_to
        if back is not None:
            return self.step(back)
        return self.steps[at - 1] if at else None

    def words(self) -> str:
        """The steps, for messages."""
        return ", ".join(each.step for each in self.steps)

    def move(self, status: Status, step: str, action: str) -> Step | Action:
        """What `action` is in this status: the due step it completes, or an action beside the steps.

        Raises UnknownAction naming the pair when the table lacks it.
        """
        due = self.step(step)
        if action == step and status == "open":
            return due
        beside = self.actions.get(action)
        if beside is not None and status in beside.statuses:
            return beside
        now = f"{status}, {step} due" if status == "open" else status
        known = sorted(self.open_actions(status, step))
        raise UnknownAction(
            f"workflow {self.id} has no action {action!r} in status {now!r}",
            where="action",
            mend=f"one of {', '.join(known)}" if known else "nothing can be done in this status",
        )

    def open_actions(self, status: Status, step: str) -> tuple[str, ...]:
        """Every action the table has for this status, the due step first."""
        beside = tuple(name for name, each in self.actions.items() if status in each.statuses)
        return (step, *beside) if status == "open" else beside


def parse_workflows(data: object) -> dict[str, Workflow]:
    """Every workflow of a parsed `workflows.yaml`, by id; raises InvalidInput with the path of a mistake."""
    root = _mapping(data, "")
    actions = {
        each.action: each
        for each in (
            _action(item, f"actions[{at}]")
            for at, item in enumerate(_sequence(root.get("actions", []), "actions"))
        )
    }
    found: dict[str, Workflow] = {}
    for at, item in enumerate(_sequence(root.get("workflows", []), "workflows")):
        workflow = _workflow(item, f"workflows[{at}]", actions)
        if workflow.id in found:
            raise InvalidInput(f"workflow {workflow.id!r} is there twice", where=f"workflows[{at}].id")
        found[workflow.id] = workflow
    return found


def _workflow(data: object, path: str, actions: Mapping[str, Action]) -> Workflow:
    body = _mapping(data, path)
    _only(body, {"id", "name", "steps", "calendar", "clear_for"}, path)
    steps = tuple(
        _step(item, f"{path}.steps[{at}]") for at, item in enumerate(_sequence(body.get("steps", []), path))
    )
    words = [each.step for each in steps]
    if not steps or len(set(words)) != len(words):
        raise InvalidInput("a workflow needs steps, each word once", where=f"{path}.steps")
    for each in steps:
        if each.return_to is not None and each.return_to not in words[: words.index(each.step)]:
            raise InvalidInput(
                f"return_to {each.return_to!r} is no earlier step", where=f"{path}.steps.{each.step}"
            )
        if each.step in actions:
            raise InvalidInput(f"{each.step!r} is an action beside the steps, too", where=f"{path}.steps")
    calendar = body.get("calendar")
    own = None if calendar is None else str(calendar)
    try:
        clear_for = parse_duration(body.get("clear_for", CLEAR_FOR))
    except ValueError as wrong:
        raise InvalidInput(str(wrong), where=f"{path}.clear_for") from wrong
    return Workflow(_word(body, "id", path), _name(body, path), steps, actions, own, clear_for=clear_for)


def _step(data: object, path: str) -> Step:
    body = _mapping(data, path)
    _only(
        body,
        {
            "step",
            "name",
            "roles",
            "limit",
            "needs",
            "by_unit",
            "independent",
            "return_to",
            "all_reported",
            "rated",
            "source",
        },
        path,
    )
    limit = body.get("limit")
    try:
        length = None if limit is None else parse_limit(limit)
    except ValueError as wrong:
        raise InvalidInput(str(wrong), where=f"{path}.limit") from wrong
    back = body.get("return_to")
    return Step(
        step=_word(body, "step", path),
        name=_name(body, path),
        roles=_words(body, "roles", path),
        limit=length,
        needs=_needs(body, path),
        by_unit=body.get("by_unit") is True,
        independent=body.get("independent") is True,
        return_to=None if back is None else str(back),
        all_reported=body.get("all_reported") is True,
        rated=body.get("rated") is True,
    )


def _action(data: object, path: str) -> Action:
    body = _mapping(data, path)
    _only(body, {"action", "name", "roles", "from", "effect", "needs", "anywhere"}, path)
    word = _word(body, "action", path)
    effect = str(body.get("effect", word))
    if effect not in EFFECTS:
        raise InvalidInput(f"effect {effect!r} is unknown", where=path, mend=f"one of {', '.join(EFFECTS)}")
    statuses = _words(body, "from", path) or frozenset({"open"})
    if unknown := statuses - set(STATUSES):
        raise InvalidInput(f"status {min(unknown)!r} is unknown", where=path, mend=", ".join(STATUSES))
    return Action(
        action=word,
        name=_name(body, path),
        roles=_words(body, "roles", path),
        statuses=cast("frozenset[Status]", statuses),
        effect=effect,
        needs=_needs(body, path),
        anywhere=body.get("anywhere") is True,
    )


def _mapping(data: object, path: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise InvalidInput("a mapping is expected", where=path or "workflows.yaml")
    return {str(key): value for key, value in data.items()}


def _sequence(data: object, path: str) -> Sequence[object]:
    if not isinstance(data, list | tuple):
        raise InvalidInput("a list is expected", where=path)
    return data


def _only(body: Mapping[str, object], known: set[str], path: str) -> None:
    if unknown := sorted(set(body) - known):
        raise InvalidInput(
            f"unknown key {unknown[0]!r}", where=path, mend=f"one of {', '.join(sorted(known))}"
        )


def _word(body: Mapping[str, object], key: str, path: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidInput("a word is expected", where=f"{path}.{key}")
    return value


def _words(body: Mapping[str, object], key: str, path: str) -> frozenset[str]:
    return frozenset(str(each) for each in _sequence(body.get(key, []), f"{path}.{key}"))


def _needs(body: Mapping[str, object], path: str) -> frozenset[str]:
    words = _words(body, "needs", path)
    if unknown := sorted(words - NEEDS):
        mend = f"one of {', '.join(sorted(NEEDS))}"
        raise InvalidInput(f"nothing can need {unknown[0]!r}", where=f"{path}.needs", mend=mend)
    return words


def _name(body: Mapping[str, object], path: str) -> Text:
    value = body.get("name")
    if isinstance(value, Mapping):
        zh, en = value.get("zh"), value.get("en")
        if zh or en:
            return Text(str(zh or en), str(en or zh))
    elif isinstance(value, str) and value:
        return Text(value, value)
    raise InvalidInput("a name is expected", where=f"{path}.name", mend="write a text or {zh: …, en: …}")
