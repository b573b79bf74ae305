"""Guard: how a route declares its right, and the check at start-up that every route has declared one.

    Reader = Annotated[Principal, needs("incident.read", seen=visible)]

`seen` belongs to routes about one thing, whose id is the first parameter of the path: it raises NotFound when
the thing is not visible to the principal. It is asked before a missing right is told, so that what is not visible
answers 404 to everybody.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection

from api.auth import Auth
from api.hub import Hub
from api.rights import RIGHTS, Principal, demand, may
from ingest.errors import NotAuthenticated

Seen = Callable[[Hub, Principal, str], object]
"""Raises NotFound when the thing with this id is not visible; its answer is not used."""

OPEN = "open"
"""Declared by the few routes that answer anybody (login, health)."""

SELF = "self"
"""Declared by routes about the asking user alone."""

WORKER = "worker"
"""Declared by routes for workers, which show the worker token."""

SIGNED = "signed"
"""Declared by routes whose request carries its own signature."""

SOCKET = "socket:"
"""Before the right of a websocket, which authenticates after its accept (api/push.py), to close with a code."""


class UndeclaredRight(Exception):
    """A route that declares no right, or one that no role has: the hub does not start."""


def hub_of(asked: HTTPConnection) -> Hub:
    """The house behind this request."""
    return cast("Hub", asked.app.state.hub)


def auth_of(asked: HTTPConnection) -> Auth:
    """The authentication behind this request."""
    return cast("Auth", asked.app.state.auth)


@dataclass(frozen=True)
class Need:
    """One declared right; called by FastAPI before the route, which gets the principal."""

    right: str
    seen: Seen | None = None

    def __call__(self, asked: HTTPConnection) -> Principal:
        """The principal, when it may."""
        who = auth_of(asked).of_request(asked)
        if self.right != SELF and not may(who, self.right):
            if self.seen is not None:
                self.seen(hub_of(asked), who, str(next(iter(asked.path_params.values()))))
            demand(who, self.right)
        return who


@dataclass(frozen=True)
class Declared:
    """A declaration without a principal: open, signed, or a websocket's right."""

    right: str

    def __call__(self) -> None:
        """Nothing to check before the route."""


@dataclass(frozen=True)
class WorkerToken:
    """The right of a worker: the token that `serve` gave it."""

    right: str = WORKER

    def __call__(self, asked: HTTPConnection) -> None:
        """Raise NotAuthenticated unless the worker token is shown."""
        expected = f"Bearer {hub_of(asked).settings.worker_token}"
        given = asked.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise NotAuthenticated("not the worker token")


def needs(right: str, *, seen: Seen | None = None) -> Any:
    """The right of a route, as its dependency (FastAPI's Depends() has no type of its own)."""
    return Depends(Need(right, seen))


def open_to_all() -> Any:
    """The right of a route that answers anybody."""
    return Depends(Declared(OPEN))


def signed() -> Any:
    """The right of a route that checks a signature itself."""
    return Depends(Declared(SIGNED))


def socket(right: str) -> Any:
    """The right of a websocket, checked by api/push.py after the accept."""
    return Depends(Declared(SOCKET + right))


def worker_only() -> Any:
    """The right of a route for workers."""
    return Depends(WorkerToken())


def declared(route: APIRoute | APIWebSocketRoute) -> list[str]:
    """The rights a route declares (exactly one, or the hub does not start)."""

    def walk(node: Dependant) -> Iterator[str]:
        for each in node.dependencies:
            if isinstance(each.call, Need | Declared | WorkerToken):
                yield each.call.right
            yield from walk(each)

    return list(walk(route.dependant))


def check_routes(routers: Iterable[APIRouter]) -> None:
    """Raise UndeclaredRight unless every route declares exactly one right that exists."""
    known = RIGHTS | {OPEN, SELF, WORKER, SIGNED} | {SOCKET + right for right in RIGHTS}
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute | APIWebSocketRoute):
                raise UndeclaredRight(f"{route!r} is no route that can declare a right")
            rights = declared(route)
            if len(rights) != 1 or rights[0] not in known:
                raise UndeclaredRight(
                    f"{route.path}: declares {rights or 'no right'}; use one of api/guard.py"
                )
