"""Who is asking: passwords, tokens, the cookie, one-time tickets, and the brake on guessing.

A request is authenticated by exactly one of: `Authorization: Bearer` (any method), the subprotocol
`bearer.<token>` or `?ticket=` (websockets), or the cookie (GET and websockets of the same Origin only, so that a
foreign page can neither change nor listen). The user is looked up again each time: a deleted user or a changed
password ends every token at once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import jwt
from starlette.requests import HTTPConnection

from api import accounts
from api.hub import Hub
from api.rights import GUEST, Account, Principal, principal
from config.secrets import hash_password, verify_password
from ingest.errors import NotAuthenticated, NotFound, TooMany

COOKIE = "hub_session"
SUBPROTOCOL = "bearer."
ALGORITHM = "HS256"
AUDIENCE = "hub-api"

LOCAL = Account(name="local", role="administrator")
"""Whoever works with the data folder itself; no user entry, no password."""


@dataclass(frozen=True, slots=True)
class Token:
    """One access token and its end (UTC)."""

    text: str
    expires_at: datetime


class Tickets:
    """One-time tickets for websockets: each is good once, for a short while, for the token that fetched it."""

    def __init__(self, life: timedelta, most: int = 10_000) -> None:
        self._life = life
        self._most = most
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def issue(self, token: str, now: datetime) -> tuple[str, datetime]:
        """A new ticket for `token`, and its end; the oldest unused one gives way when there are too many."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            while self._waiting and next(iter(self._waiting.values()))[1] <= now:
                self._waiting.popitem(last=False)
            while len(self._waiting) >= self._most:
                self._waiting.popitem(last=False)
            self._waiting[ticket] = (token, now + self._life)
        return ticket, now + self._life

    def redeem(self, ticket: str, now: datetime) -> str:
        """The token behind a ticket, which is gone afterwards."""
        with self._lock:
            token, ends = self._waiting.pop(ticket, ("", now))
        if not token or ends <= now:
            raise NotAuthenticated("the ticket is unknown, used or expired", mend="POST /auth/ticket again")
        return token


class Brake:
    """Counts failed logins per (address, name) within a minute; bounded."""

    def __init__(self, limit: int, most: int = 10_000) -> None:
        self._limit = limit
        self._most = most
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], list[datetime]] = OrderedDict()

    def check(self, address: str, name: str, now: datetime) -> None:
        """Raise TooMany while this address has failed too often with this name."""
        with self._lock:
            recent = self._recent((address, name), now)
        if len(recent) >= self._limit:
            wait = (recent[0] + timedelta(minutes=1) - now).total_seconds()
            raise TooMany("too many failed logins", retry_after=max(1, round(wait)))

    def failed(self, address: str, name: str, now: datetime) -> None:
        """Count one failure."""
        with self._lock:
            recent = [*self._recent((address, name), now), now][-self._limit :]
            self._failures[(address, name)] = recent
            self._failures.move_to_end((address, name))
            while len(self._failures) > self._most:
                self._failures.popitem(last=False)

    def succeeded(self, address: str, name: str) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures.pop((address, name), None)

    def _recent(self, key: tuple[str, str], now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, []) if now - at < timedelta(minutes=1)]


class Auth:
    """Tokens in, principals out."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._key = _key(hub.settings.secret)
        self._decoy = hash_password(secrets.token_hex(16))
        self.tickets = Tickets(hub.settings.ticket_life)
        self.brake = Brake(hub.settings.logins_per_minute)

    def login(self, name: str, password: str, address: str) -> tuple[Token, Account]:
        """A token for a right password."""
        account = self._checked(name, password, address)
        return self._issue(account, guest=False), account

    def identify(self, name: str, password: str, address: str) -> Principal:
        """Who shows name and password beside a session that is somebody else's; no token is made."""
        account = self._checked(name, password, address)
        return principal(account, self._hub.directory(), expires_at=self._hub.now())

    def _checked(self, name: str, password: str, address: str) -> Account:
        """The account of a right password; a wrong one and an unknown name look the same and take as long."""
        now = self._hub.now()
        self.brake.check(address, name, now)
        account = self._account(name)
        good = verify_password(password, account.password if account and account.password else self._decoy)
        if account is None or not account.password or not good:
            self.brake.failed(address, name, now)
            raise NotAuthenticated("wrong name or password")
        self.brake.succeeded(address, name)
        return account

    def guest(self) -> tuple[Token, Account]:
        """A read-only token without a password, where the settings allow it."""
        if not self._hub.settings.guest:
            raise NotFound("this hub has no guest")
        return self._issue(GUEST, guest=True), GUEST

    def principal(self, token: str) -> Principal:
        """Who a token stands for now; raises NotAuthenticated."""
        claims = self._claims(token)
        ends = datetime.fromtimestamp(float(str(claims["exp"])), tz=UTC)
        if claims.get("guest") is True:
            if not self._hub.settings.guest:
                raise NotAuthenticated("this hub has no guest")
            return principal(GUEST, self._hub.directory(), expires_at=ends, read_only=True)
        if claims.get("local") is True:
            return principal(LOCAL, self._hub.directory(), expires_at=ends)
        account = self._account(str(claims["sub"]))
        if account is None or not hmac.compare_digest(str(claims.get("pw")), self._stamp(account)):
            raise NotAuthenticated("the user is gone or has a new password", mend="log in again")
        return principal(account, self._hub.directory(), expires_at=ends)

    def of_request(self, asked: HTTPConnection) -> Principal:
        """Who makes an HTTP request; raises NotAuthenticated."""
        header = asked.headers.get("authorization")
        if header is not None:
            return self.principal(_bearer(header))
        cookie = asked.cookies.get(COOKIE)
        if cookie and asked.scope.get("method") == "GET" and _origin_fits(asked, needed=False):
            return self.principal(cookie)
        if cookie:
            raise NotAuthenticated("the cookie is good for GET only", mend="send Authorization: Bearer")
        raise NotAuthenticated("no token", mend="POST /api/v1/auth/login")

    def of_websocket(self, asked: HTTPConnection) -> tuple[Principal, str | None]:
        """Who opens a websocket, and the subprotocol to echo; raises NotAuthenticated."""
        header = asked.headers.get("authorization")
        if header is not None:
            return self.principal(_bearer(header)), None
        offered = subprotocol(asked)
        if offered is not None:
            return self.principal(offered.removeprefix(SUBPROTOCOL)), offered
        ticket = asked.query_params.get("ticket")
        if ticket is not None:
            return self.principal(self.tickets.redeem(ticket, self._hub.now())), None
        cookie = asked.cookies.get(COOKIE)
        if cookie and _origin_fits(asked, needed=True):
            return self.principal(cookie), None
        raise NotAuthenticated("no token, ticket or same-origin cookie")

    def _account(self, name: str) -> Account | None:
        with self._hub.ledger.read() as conn:
            return accounts.find(conn, name)

    def _issue(self, account: Account, *, guest: bool) -> Token:
        now = self._hub.now()
        ends = now + self._hub.settings.token_life
        claims: dict[str, object] = {
            "sub": account.name,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int(ends.timestamp()),
            "jti": secrets.token_hex(8),
        }
        claims |= {"guest": True} if guest else {"pw": self._stamp(account)}
        return Token(jwt.encode(claims, self._key, algorithm=ALGORITHM), ends.replace(microsecond=0))

    def _stamp(self, account: Account) -> str:
        """Changes with the password, tells nothing about it."""
        return hmac.new(self._key, account.password.encode(), hashlib.sha256).hexdigest()[:16]

    def _claims(self, token: str) -> Mapping[str, object]:
        try:
            claims: Mapping[str, object] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["sub", "exp", "aud"], "verify_exp": False, "verify_iat": False},
            )
            expired = float(str(claims["exp"])) <= self._hub.now().timestamp()
        except (jwt.InvalidTokenError, ValueError) as wrong:
            raise NotAuthenticated("the token is not one of this hub", mend="log in again") from wrong
        if expired:
            raise NotAuthenticated("the token has expired", mend="log in again")
        return claims


def local_token(secret: str, now: datetime) -> str:
    """A token for the hub's own commands on this machine, good for a minute.

    Who can read the hub's secret may change its registry: that is how `hub apply` works while a hub runs.
    """
    ends = now + timedelta(minutes=1)
    claims = {"sub": LOCAL.name, "aud": AUDIENCE, "exp": int(ends.timestamp()), "local": True}
    return jwt.encode(claims, _key(secret), algorithm=ALGORITHM)


def _key(secret: str) -> bytes:
    """What signs the tokens: made from HUB_SECRET, good for nothing else."""
    return hashlib.sha256(b"tokens\0" + secret.encode()).digest()


def subprotocol(asked: HTTPConnection) -> str | None:
    """The offered websocket subprotocol that carries a token, or None."""
    offered = asked.headers.get("sec-websocket-protocol", "")
    return next((each for each in (part.strip() for part in offered.split(",")) if _carries(each)), None)


def _carries(offered: str) -> bool:
    return offered.startswith(SUBPROTOCOL) and len(offered) > len(SUBPROTOCOL)


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("the Authorization header is not `Bearer <token>`")
    return token.strip()


def _origin_fits(asked: HTTPConnection, *, needed: bool) -> bool:
    """Whether the page that asks comes from this very address (scheme and host with port)."""
    origin = asked.headers.get("origin")
    if origin is None:
        return not needed
    here = asked.headers.get("host", "")
    parts = urlsplit(origin)
    secure = asked.url.scheme in ("https", "wss")
    return bool(here) and parts.netloc == here and parts.scheme == ("https" if secure else "http")
