"""No identities, no paths: searched for in everything that stores, shows or takes data, and in the shipped models."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from pydantic import BaseModel, TypeAdapter

from alerts.ledger.schema import declared
from config import registry
from detectors.model import list_models
from detectors.shelf import kinds
from tests.servers.house import open_house

ROOT = Path(__file__).parents[2]

IDENTITY = re.compile(
    r"(?<![a-z])(face|faces|plate|plates|gait|biometric\w*|embedding\w*|re_?id|person_?ids?|track_?ids?|tracks?"
    r"|trajector\w*|identity|identities|id_?card\w*|fingerprint\w*)(?![a-z])",
    re.IGNORECASE,
)
"""Words of identities and of paths, as they stand in names (`track_id`, `person-id`, `faces`)."""


def named(words: set[str]) -> list[str]:
    """Those that speak of identities or paths."""
    return sorted(word for word in words if IDENTITY.search(word.replace("-", "_")))


def keys(document: object) -> set[str]:
    """Every key of a JSON document, at any depth."""
    if isinstance(document, dict):
        return {*map(str, document), *(each for value in document.values() for each in keys(value))}
    if isinstance(document, list):
        return {each for value in document for each in keys(value)}
    return set()


def test_the_search_finds_what_it_looks_for() -> None:
    """The words that other products use would be noticed."""
    found = named(
        {"face_id", "plate", "track_id", "reid", "person-id", "place", "surface", "template", "replace"}
    )
    assert found == ["face_id", "person-id", "plate", "reid", "track_id"]


def test_interface(tmp_path: Path) -> None:
    """No path, parameter or field of the API names an identity or a person's path."""
    with open_house(tmp_path) as house:
        document = httpx.get(f"{house.url}/api/v1/openapi.json", timeout=20).json()
    assert len(document["paths"]) > 20
    assert named(keys(document)) == []


def test_ledger() -> None:
    """No table and no column holds one."""
    words = {table.name for table in declared().sorted_tables}
    words |= {column.name for table in declared().sorted_tables for column in table.columns}
    assert named(words) == []


def test_registry() -> None:
    """No entry and no rule takes one."""
    models = [
        each for each in vars(registry).values() if isinstance(each, type) and issubclass(each, BaseModel)
    ]
    models += [module.Params for module in kinds().values()]
    assert len(models) > 10
    words = {word for model in models for word in keys(TypeAdapter(model).json_schema())}
    assert named(words) == []


def test_models() -> None:
    """No shipped model tells persons apart: one word for all of them; a face is a word only of what hides it."""
    shipped = [each.manifest for each in list_models(ROOT / "models")]
    assert shipped
    for manifest in shipped:
        assert manifest is not None
        assert named(set(manifest.classes)) == (["face"] if manifest.use == "blur" else [])
