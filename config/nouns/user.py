"""User: who logs in, with which role and scope."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from config.fields import Id, LoginName
from config.nouns.item import Item
from config.nouns.site import SiteKind

Role = Literal[
    "operator", "inspector", "site-keeper", "dispatcher", "handler", "supervisor", "administrator",
    "auditor", "platform",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)


class User(Item):
    """Somebody (or some machine) that logs in; the password is stored as a hash only."""

    name: LoginName
    role: Role
    areas: tuple[Id, ...] = ()
    site_kinds: tuple[SiteKind, ...] = ()
    sites: tuple[Id, ...] = ()
    units: tuple[Id, ...] = ()
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
