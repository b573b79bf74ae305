"""Logging in and out, the guest of a demo, tickets for websockets, and who one is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import answer
from api.auth import COOKIE, Auth, Token
from api.guard import SELF, auth_of, hub_of, needs, open_to_all
from api.hub import Hub
from api.rights import Account, Principal
from ingest.instant import format_instant

router = APIRouter(prefix="/auth", tags=["auth"])

HubHere = Annotated[Hub, Depends(hub_of)]
AuthHere = Annotated[Auth, Depends(auth_of)]
Self = Annotated[Principal, needs(SELF)]


class Credentials(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1000)


@router.post("/login", dependencies=[open_to_all()])
def login(given: Credentials, request: Request, hub: HubHere, auth: AuthHere) -> Response:
    """A token for `Authorization: Bearer`, and a cookie that is good for GET and same-origin websockets only."""
    address = request.client.host if request.client else ""
    token, account = auth.login(given.username, given.password, address)
    return _welcome(token, account, hub, read_only=False)


@router.post("/guest", dependencies=[open_to_all()])
def guest(hub: HubHere, auth: AuthHere) -> Response:
    """A read-only operator's token without a password, where the demo allows it; 404 elsewhere."""
    token, account = auth.guest()
    return _welcome(token, account, hub, read_only=True)


@router.post("/logout", dependencies=[open_to_all()])
def logout(hub: HubHere) -> Response:
    """Takes the cookie back; the bearer token is the caller's to forget."""
    response = answer({})
    response.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="strict", secure=hub.settings.secure_cookie
    )
    return response


@router.post("/ticket")
def ticket(request: Request, who: Self, hub: HubHere, auth: AuthHere) -> Response:
    """A one-time ticket for a websocket of the same user: `?ticket=…`, good once and for a short while."""
    token = request.headers["authorization"].partition(" ")[2].strip()
    text, ends = auth.tickets.issue(token, hub.now())
    return answer({"ticket": text, "expires_at": format_instant(ends), "user": who.name})


@router.get("/me")
def me(who: Self) -> Response:
    """Who is asking, what it may do and how far it sees: for the console to show only what works."""
    return answer(
        {
            "name": who.name,
            "role": who.role,
            "read_only": who.read_only,
            "rights": sorted(who.rights),
            "sight": who.sight.as_dict(),
            "expires_at": format_instant(who.expires_at),
        }
    )


def _welcome(token: Token, account: Account, hub: Hub, *, read_only: bool) -> Response:
    response = answer(
        {
            "access_token": token.text,
            "token_type": "bearer",
            "expires_at": format_instant(token.expires_at),
            "user": {"name": account.name, "role": account.role, "read_only": read_only},
        }
    )
    response.set_cookie(
        COOKIE,
        token.text,
        max_age=int(hub.settings.token_life.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=hub.settings.secure_cookie,
    )
    return response
