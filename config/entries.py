"""Entries: registry items as they are stored: a body of JSON without defaults, and the secrets apart.

A stored secret is sealed text (camera passwords, phone numbers) or a hash (people's passwords). In an item, a
stored secret shows as `***`; an item with `***` keeps what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from config.hidden import secret_keys
from config.nouns.route import Route, route_order
from config.registry import SECTIONS, Registry
from config.schema import MODELS, by_kind
from config.secrets import MASK
from ingest.errors import HubError

Body = Mapping[str, object]
"""JSON-ready."""

NOUNS: Mapping[str, str] = {noun: section for section, noun in SECTIONS.items()}
"""Noun of one entry (`device`) to section of the file (`devices`)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is to be stored.

    Attributes:
        noun: `device`, `area`, …
        key: Unique within the noun.
        body: Everything that is no secret and no default.
        secrets: Plain texts by key; `***` keeps the stored one, None removes it, absent leaves it as it is.
    """

    noun: str
    key: str
    body: Body
    secrets: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as it is stored; `secrets` are sealed or hashed."""

    noun: str
    key: str
    body: Body
    secrets: Mapping[str, str]


def entries(registry: Registry) -> tuple[Entry, ...]:
    """All items of a registry as entries, in the order of the sections."""
    return tuple(_entry(SECTIONS[section], key, item) for section, key, item in registry.items())


def registry_of(stored: Iterable[Stored]) -> Registry:
    """The registry that is stored, secrets as `***`; HubError names an entry this version cannot read."""
    found: dict[str, dict[str, BaseModel]] = {section: {} for section in SECTIONS}
    for each in stored:
        if each.noun in NOUNS:
            found[NOUNS[each.noun]][each.key] = item_of(each)
    whole: dict[str, tuple[BaseModel, ...]] = {
        section: tuple(items[key] for key in sorted(items)) for section, items in found.items()
    }
    routes: list[Route] = [each for each in whole["routes"] if isinstance(each, Route)]
    routes.sort(key=route_order)
    whole["routes"] = tuple(routes)
    given = frozenset(section for section, items in found.items() if items)
    return Registry(given=given, **whole)  # type: ignore[arg-type] # each section holds its own models


def item_of(stored: Stored) -> BaseModel:
    """The item of one stored entry, secrets as `***`."""
    model = _model_of(stored)
    body = {**stored.body, **dict.fromkeys(stored.secrets, MASK)}
    try:
        return model.model_validate(body)
    except ValidationError as wrong:
        error = wrong.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in error["loc"])
        raise HubError(
            f"the stored {stored.noun} {stored.key} cannot be read ({path}: {error['msg']})",
            mend="it was written by another version; apply it anew",
        ) from wrong


def _model_of(stored: Stored) -> type[BaseModel]:
    section = NOUNS[stored.noun]
    if section in MODELS:
        return MODELS[section]
    kinds = by_kind(section)
    kind = str(stored.body.get("kind"))
    if kind not in kinds:
        raise HubError(
            f"the stored {stored.noun} {stored.key} is of kind {kind!r}, which is not there any more",
            mend=f"put the file of that kind back, or delete the {stored.noun}",
        )
    return kinds[kind]


def _entry(noun: str, key: str, item: BaseModel) -> Entry:
    body = item.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    hidden = secret_keys(item)
    given = item.model_fields_set
    secrets = {
        name: getattr(item, name) for name in hidden if getattr(item, name) is not None or name in given
    }
    for name in hidden:
        body.pop(name, None)
    return Entry(noun, key, body, secrets)
