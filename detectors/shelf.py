"""Shelf of rules: every file in detectors/rules is one kind; the word after `kind:` is the file's name.

A file exports Params (its RuleParams with `kind: Literal[...]`), Rule(params, zone) and INPUT: "readings", "tracks", or
"glances" (camera-health, which detectors.health judges). A file that fails to import, or lacks one of them, stops
start-up: a kind must never vanish silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import lru_cache, reduce
from operator import or_
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field

from detectors.rule import ReadingRule, RuleParams, TrackRule
from ingest import shelf

FOLDER = "detectors.rules"
INPUTS = ("readings", "tracks", "glances")


def check(kind: str, module: ModuleType) -> None:
    """Raises ImportError for a file that is not a rule of this kind."""
    params = getattr(module, "Params", None)
    if not (isinstance(params, type) and issubclass(params, RuleParams)):
        raise ImportError(  # noqa: TRY004 - the file is wrong, not a caller's argument
            f"{module.__name__} exports no `Params` based on RuleParams"
        )
    if get_args(params.model_fields["kind"].annotation) != (kind,):
        raise ImportError(f'{module.__name__}: Params needs `kind: Literal["{kind}"]`, the name of its file')
    if not callable(getattr(module, "Rule", None)):
        raise ImportError(f"{module.__name__} exports no `Rule`")  # noqa: TRY004 - as above
    if getattr(module, "INPUT", None) not in INPUTS:
        raise ImportError(f"{module.__name__}: INPUT must be one of {INPUTS}")


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, ModuleType]:
    """Every kind of rule with its file."""
    found = shelf.modules(FOLDER)
    for kind, module in found.items():
        check(kind, module)
    return found


def input_of(params: RuleParams) -> Literal["readings", "tracks", "glances"]:
    """What a rule of this kind looks at."""
    chosen: Literal["readings", "tracks", "glances"] = kinds()[params.kind].INPUT
    return chosen


def build_reading_rule(params: RuleParams, zone: tzinfo = UTC) -> ReadingRule:
    """The rule over readings that these parameters describe; ValueError for a rule over tracks."""
    if input_of(params) != "readings":
        raise ValueError(f"rule {params.id}: {params.kind} looks at {input_of(params)}, not at readings")
    rule: ReadingRule = kinds()[params.kind].Rule(params, zone)
    return rule


def build_track_rule(params: RuleParams, zone: tzinfo = UTC) -> TrackRule:
    """The rule over tracks that these parameters describe; ValueError for a rule over readings."""
    if input_of(params) != "tracks":
        raise ValueError(f"rule {params.id}: {params.kind} looks at {input_of(params)}, not at tracks")
    rule: TrackRule = kinds()[params.kind].Rule(params, zone)
    return rule


def build(params: RuleParams, zone: tzinfo = UTC) -> ReadingRule | TrackRule:
    """The rule that these parameters describe; explanations show times in `zone`."""
    if input_of(params) == "readings":
        return build_reading_rule(params, zone)
    return build_track_rule(params, zone)


if TYPE_CHECKING:
    AnyRuleParams = RuleParams
else:
    AnyRuleParams = Annotated[
        reduce(or_, (module.Params for module in kinds().values())), Field(discriminator="kind")
    ]
"""In a pydantic model: the parameters of any kind on the shelf; an unknown kind's error lists the known ones."""
