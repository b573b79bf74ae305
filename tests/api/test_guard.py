"""A route that declares no right, an unknown one, or two, keeps the hub from starting."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, WebSocket
from starlette.routing import Route

from api import rights
from api.guard import UndeclaredRight, check_routes, needs, open_to_all, socket
from api.rights import Principal


def test_a_route_without_a_right_stops_the_start() -> None:
    """Forgetting it is not possible."""
    router = APIRouter()

    @router.get("/forgotten")
    def forgotten() -> None:
        """Nobody said who may."""

    with pytest.raises(UndeclaredRight, match="/forgotten"):
        check_routes([router])


def test_a_websocket_without_a_right_stops_the_start() -> None:
    """Neither for pushes."""
    router = APIRouter()

    @router.websocket("/forgotten/ws")
    async def forgotten(ws: WebSocket) -> None:
        """Nobody said who may."""

    with pytest.raises(UndeclaredRight, match="/forgotten/ws"):
        check_routes([router])


def test_a_misspelt_right_stops_the_start() -> None:
    """A right that no role has would lock everybody out, or hide a mistake."""
    router = APIRouter()

    @router.get("/x")
    def x(who: Annotated[Principal, needs("incident.raed")]) -> None:
        """Misspelt."""

    with pytest.raises(UndeclaredRight, match=r"incident\.raed"):
        check_routes([router])


def test_two_rights_stop_the_start() -> None:
    """Which one would count?"""
    router = APIRouter()

    @router.get("/x", dependencies=[open_to_all()])
    def x(who: Annotated[Principal, needs("case.read")]) -> None:
        """Open and guarded at once."""

    with pytest.raises(UndeclaredRight):
        check_routes([router])


def test_a_bare_route_stops_the_start() -> None:
    """Something mounted past the router's own routes is refused, too."""
    router = APIRouter()
    router.routes.append(Route("/bare", lambda _: None))
    with pytest.raises(UndeclaredRight):
        check_routes([router])


def test_declared_routes_pass() -> None:
    """The ordinary case."""
    router = APIRouter()

    @router.get("/x")
    def x(who: Annotated[Principal, needs("case.read")]) -> None:
        """Guarded."""

    @router.websocket("/ws", dependencies=[socket("event.read")])
    async def ws(ws: WebSocket) -> None:
        """Guarded after its accept."""

    check_routes([router])


def test_read_only_keeps_no_changing_right() -> None:
    """Every right but reading, pictures and comparing changes something, and a guest has none of them."""
    kept = rights.RIGHTS - rights.CHANGING
    assert {right.rpartition(".")[2] for right in kept} <= {"read", "picture", "reconcile"}
    assert "evidence.original" in rights.CHANGING
