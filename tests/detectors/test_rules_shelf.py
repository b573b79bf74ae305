"""The shelf of rules: what is on it, an unknown kind lists the known ones, a broken file stops start-up."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from detectors import shelf
from detectors.rule import RuleParams, Scene
from detectors.rules.presence import Params as PresenceParams

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES: dict[str, dict[str, object]] = {
    "presence": {"classes": ["person"]},
    "threshold": {"quantity": "temperature", "above": 8},
    "state-too-long": {"quantity": "door", "longer_than": "5m"},
    "silence": {"longer_than": "10m"},
    "range": {
        "quantity": "temperature",
        "low": 0,
        "schedule": [{"days": "mon-fri", "hours": "08:00-18:00", "high": 8}],
    },
    "rate-of-change": {"quantity": "water_level", "rises": 0.5, "within": "30m"},
    "stuck": {"quantity": "temperature", "longer_than": "6h"},
    "exposure": {"quantity": "temperature", "above": 8, "below": 60, "at_most": "2h"},
    "held": {"quantity": "power", "above": 20, "at_least": "30m"},
    "repeated": {"quantity": "mains", "equals": False, "times": 3, "within": "1h"},
    "forecast": {"quantity": "temperature", "above": 8},
    "anomaly": {"quantity": "temperature"},
    "calibration-due": {"before": "14d", "due": "2027-03-01"},
    "camera-health": {"faults": ["blurred"], "quiet_at": ["steam"]},
    "absence": {"classes": ["person"], "raise_after": "5m"},
    "count": {"classes": ["person"], "above": 30},
    "dwell": {"classes": ["car"], "longer_than": "5m", "reach": 0.5},
    "line-crossing": {"classes": ["car"], "line": [[0.1, 0.5], [0.9, 0.5]], "direction": "left"},
    "queue": {"classes": ["car"], "above": 8},
    "congestion": {"classes": ["car"], "schedule": [{"days": "mon-fri", "hours": "07:00-20:00"}]},
    "overlap": {"classes": ["cell phone"], "others": ["person"]},
    "taught": {"taught": "bins", "condition": "bin-uncovered"},
}
LOOKS_AT = {
    **dict.fromkeys(("presence", "absence", "count", "dwell"), "tracks"),
    **dict.fromkeys(("line-crossing", "queue", "congestion", "overlap", "taught"), "tracks"),
    "camera-health": "glances",
}
ANY: TypeAdapter[RuleParams] = TypeAdapter(shelf.AnyRuleParams)


def params(kind: str) -> RuleParams:
    return ANY.validate_python({"id": f"a-{kind}", "kind": kind, **EXAMPLES[kind]})


def test_every_kind_has_an_example_here() -> None:
    """A new file on the shelf needs a row above."""
    assert set(shelf.kinds()) == set(EXAMPLES)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_kind_is_built(kind: str) -> None:
    """From plain keys to a rule whose parameters go to JSON and come back the same."""
    read = params(kind)
    looks_at = LOOKS_AT.get(kind, "readings")
    if looks_at != "glances":
        assert shelf.build(read).params is read
    assert ANY.validate_json(read.model_dump_json()) == read
    assert shelf.input_of(read) == looks_at


@pytest.mark.parametrize("kind", [kind for kind, looks_at in LOOKS_AT.items() if looks_at == "tracks"])
def test_each_rule_over_tracks_knows_nothing_at_first(kind: str) -> None:
    """Before the first picture: unknown, with a sentence in both languages; its state is JSON all the time."""
    rule, now = shelf.build_track_rule(params(kind)), datetime(2026, 11, 23, 8, tzinfo=UTC)
    level = rule.level(json.loads(json.dumps(rule.start(now))), now)
    assert level.state == "unknown"
    assert level.explanation.zh.startswith(f"规则 a-{kind}：画面情况不明")
    assert level.explanation.en.startswith(f"Rule a-{kind}: nothing is known")
    state = json.loads(json.dumps(rule.observe(rule.start(now), Scene("cam", now, ()))))
    assert rule.level(state, now).since == now
    assert isinstance(getattr(params(kind), "labels"), frozenset)  # noqa: B009 - only those over tracks have it


def test_a_rule_is_built_for_what_it_looks_at() -> None:
    """A rule over tracks is no rule over readings."""
    with pytest.raises(ValueError, match="looks at tracks"):
        shelf.build_reading_rule(params("presence"))
    with pytest.raises(ValueError, match="looks at readings"):
        shelf.build_track_rule(params("silence"))


def test_an_unknown_kind_lists_the_known_ones() -> None:
    """The error says what there is, and where."""

    class File(BaseModel):
        rules: tuple[shelf.AnyRuleParams, ...]

    with pytest.raises(ValidationError) as caught:
        File.model_validate(
            {"rules": [{"id": "x", "kind": "presence", "classes": ["person"]}, {"id": "y", "kind": "magic"}]}
        )
    (wrong,) = caught.value.errors()
    assert wrong["loc"] == ("rules", 1)
    for kind in EXAMPLES:
        assert kind in wrong["msg"]


def test_errors_keep_their_path() -> None:
    """A wrong key inside a rule is named with its place."""
    with pytest.raises(ValidationError) as caught:
        ANY.validate_python({"id": "x", "kind": "threshold", "quantity": "temperature", "above": "warm"})
    assert caught.value.errors()[0]["loc"] == ("threshold", "above")


HEAD = "from typing import Literal\nfrom detectors.rule import RuleParams\n"
NAMED = HEAD + "class Params(RuleParams):\n    kind: Literal['broken-one']\n"
BROKEN: list[tuple[str, str, str]] = [
    ("a syntax error", "def (:\n", "SyntaxError"),
    ("an import that is not there", "import no_such_thing\n", "ModuleNotFoundError"),
    ("no parameters", "INPUT = 'tracks'\nclass Rule: ...\n", "exports no `Params`"),
    ("another kind than the file's name", NAMED.replace("broken-one", "other"), "the name of its file"),
    ("no rule", NAMED, "exports no `Rule`"),
    ("no input", NAMED + "class Rule: ...\n", "INPUT must be one of"),
]


@pytest.mark.parametrize(("reason", "source", "said"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_file_stops_start_up(tmp_path: Path, reason: str, source: str, said: str) -> None:
    """Importing the shelf fails, so nothing that uses rules can start: a kind never vanishes silently."""
    (tmp_path / "broken_one.py").write_text(source)
    code = (
        "import sys, detectors.rules as rules\n"
        "rules.__path__.append(sys.argv[1])\n"
        "import detectors.shelf\n"
        "print('started')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0, reason
    assert "started" not in done.stdout
    assert said in done.stderr


def test_what_every_rule_carries() -> None:
    """Ids, severity and durations are checked for all kinds alike; values are frozen."""
    for changes in (
        {"id": "Upper"},
        {"id": ""},
        {"severity": "bad"},
        {"raise_after": "5 parsecs"},
        {"colour": "red"},
    ):
        with pytest.raises(ValidationError):
            ANY.validate_python({"id": "x", "kind": "presence", "classes": ["person"], **changes})
    with pytest.raises(ValidationError):
        PresenceParams(id="x", kind="presence", classes=("person",)).id = "y"
