"""Who is asking: tokens, the cookie's narrow use, tickets that work once, and the brake on guessing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from api.auth import COOKIE, Brake, Tickets
from ingest.errors import NotAuthenticated, TooMany
from tests.servers.house import PASSWORD, SECRET, House, default_settings, open_house


def login(house: House, name: str, password: str | None = None) -> httpx.Response:
    """One login."""
    given = {"username": name, "password": password or PASSWORD.format(name)}
    return httpx.post(f"{house.url}/api/v1/auth/login", json=given)


def ws_url(house: House, query: str = "") -> str:
    """The event stream's address."""
    return f"{house.url.replace('http', 'ws')}/api/v1/events/ws{query}"


def refused(house: House, headers: dict[str, str], query: str = "") -> int | None:
    """The close code of a websocket, None when it was let in."""
    with connect(ws_url(house, query or "?after=0"), additional_headers=headers) as ws:
        try:
            ws.recv(timeout=5)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0
        return None


def test_a_login_gives_a_token_and_a_careful_cookie(house: House) -> None:
    """The cookie is HttpOnly and SameSite=Strict; the answer is kept by no cache."""
    answer = login(house, "olga")
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["user"] == {"name": "olga", "role": "operator", "read_only": False}
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert answer.headers["cache-control"] == "no-store"
    me = httpx.get(
        f"{house.url}/api/v1/auth/me", headers={"Authorization": f"Bearer {body['access_token']}"}
    ).json()
    assert me["name"] == "olga"
    assert me["sight"]["areas"] == ["east"]


def test_a_wrong_password_and_an_unknown_name_look_the_same(house: House) -> None:
    """Nobody learns which names there are."""
    wrong, unknown = login(house, "olga", "wrong"), login(house, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_guessing_is_braked_for_this_name_only(house: House) -> None:
    """After five failures this name answers 429 with Retry-After, also to the right password; others go on."""
    for _ in range(5):
        assert login(house, "kim", "guess").status_code == 401
    braked = login(house, "kim")
    assert braked.status_code == 429
    assert 1 <= int(braked.headers["retry-after"]) <= 60
    assert braked.json()["type"] == "urn:hub:problem:too-many"
    assert login(house, "ines").status_code == 200


def test_the_brake_forgets_and_is_bounded(house: House) -> None:
    """Failures older than a minute do not count, and many names do not fill the memory."""
    brake, now = Brake(2, most=3), house.now()
    for name in ("a", "b", "c", "d"):
        brake.failed("address", name, now)
        brake.failed("address", name, now)
    brake.check("address", "a", now)  # the oldest was let go
    with pytest.raises(TooMany):
        brake.check("address", "d", now)
    brake.check("address", "d", now + timedelta(minutes=1))


def test_the_cookie_reads_and_never_writes(house: House) -> None:
    """With the cookie alone GET works; POST, PUT and DELETE are 401, also from the same origin."""
    cookies = {COOKIE: house.token("admin")}
    same = {"Origin": house.url}
    with httpx.Client(base_url=f"{house.url}/api/v1", cookies=cookies, headers=same) as client:
        assert client.get("/users").status_code == 200
        assert client.post("/webhooks", json={"url": "http://127.0.0.1:9/"}).status_code == 401
        assert client.put("/areas/x", json={}).status_code == 401
        assert client.delete("/areas/x").status_code == 401
        assert client.post("/auth/ticket").status_code == 401


@pytest.mark.parametrize(
    ("origin", "ok", "reason"),
    [
        ("{here}", True, "the same origin"),
        (None, True, "no page at all: a tool, or a same-origin GET"),
        ("http://evil.example", False, "another host"),
        ("http://127.0.0.1:1", False, "another port"),
        ("https://{host}", False, "another scheme"),
        ("null", False, "a sandboxed frame"),
    ],
)
def test_a_foreign_page_cannot_use_the_cookie(
    house: House, origin: str | None, ok: bool, reason: str
) -> None:
    """A GET with the cookie and another Origin is 401; a websocket needs the same Origin, not only none."""
    host = house.url.removeprefix("http://")
    headers = {"Cookie": f"{COOKIE}={house.token('olga')}"}
    if origin is not None:
        headers["Origin"] = origin.format(here=house.url, host=host)
    assert (httpx.get(f"{house.url}/api/v1/areas", headers=headers).status_code == 200) == ok, reason
    let_in = refused(house, headers) is None
    assert let_in == (ok and origin is not None), reason


def test_the_subprotocol_carries_a_token_and_is_echoed(house: House) -> None:
    """A browser's page sends its token as subprotocol and reads the same one back."""
    offered = Subprotocol(f"bearer.{house.token('olga')}")
    with connect(ws_url(house, "?after=0"), subprotocols=[offered]) as ws:
        assert ws.subprotocol == offered
        assert "seq" in json.loads(ws.recv(timeout=5))
    with connect(ws_url(house), subprotocols=[Subprotocol("bearer.rubbish")]) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4001


def test_a_ticket_works_once(house: House) -> None:
    """The first websocket with a ticket is let in, the second is closed with 4001; the user's rights hold."""
    answer = house.client("olga").post("/auth/ticket")
    ticket = answer.json()["ticket"]
    assert house.token("olga") not in answer.text
    with connect(ws_url(house, f"?after=0&ticket={ticket}")) as ws:
        assert "seq" in json.loads(ws.recv(timeout=5))
    assert refused(house, {}, f"?after=0&ticket={ticket}") == 4001
    assert refused(house, {}, "?after=0&ticket=made-up") == 4001


def test_tickets_end_and_are_bounded(house: House) -> None:
    """An unused ticket ends; the oldest gives way when there are too many."""
    now, tickets = house.now(), Tickets(timedelta(seconds=30), most=2)
    first, _ = tickets.issue("token", now)
    second, ends = tickets.issue("token", now)
    third, _ = tickets.issue("token", now)
    with pytest.raises(NotAuthenticated):
        tickets.redeem(first, now)
    with pytest.raises(NotAuthenticated):
        tickets.redeem(second, ends)
    assert tickets.redeem(third, now) == "token"


def bent(token: str, **claims: object) -> str:
    """A token with other claims and the old signature."""
    head, body, signature = token.split(".")
    given = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(given | claims).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def test_a_bent_token_is_refused(house: House) -> None:
    """Other claims, no signature, the bare secret as key, another audience: all 401."""
    token = house.token("olga")
    claims = {"sub": "admin", "aud": "hub-api", "exp": 9_999_999_999, "pw": "x", "guest": False}
    tries = {
        "another user": bent(token, sub="admin"),
        "a guest's": bent(token, guest=True),
        "no signature": jwt.encode(claims, "", algorithm="none"),
        "the bare secret": jwt.encode(claims, SECRET, algorithm="HS256"),
        "cut in half": token[: len(token) // 2],
        "empty": ".",
    }
    for reason, given in tries.items():
        answer = httpx.get(f"{house.url}/api/v1/areas", headers={"Authorization": f"Bearer {given}"})
        assert answer.status_code == 401, reason


def test_a_guest_reads_and_changes_nothing(house: House) -> None:
    """The demo's visitor sees the county as an operator and gets 403 for every change and every original."""
    client = house.client("guest")
    assert client.get("/incidents").status_code == 200
    assert client.post("/cases", json={}).status_code in {403, 422}
    body = {"kind": "x", "site": "school-1", "title": "x", "source": "operator"}
    assert client.post("/cases", json=body).status_code == 403
    assert client.post("/broadcasts", json={"text": "x", "devices": ["horn-1"]}).status_code == 403
    incident, _ = house.raise_at("school-1", "fridge-1")
    assert client.post(f"/incidents/{incident}/ack", json={}).status_code == 403
    assert client.get(f"/incidents/{incident}/clip.mp4?original=1&reason=curious").status_code == 403


@pytest.fixture
def own(tmp_path: Path, template: Path) -> Iterator[House]:
    """A house without guests, for tests that change its users or its clock."""
    with open_house(tmp_path, default_settings(tmp_path), template) as opened:
        yield opened


def test_tokens_end_with_time_password_and_user(own: House) -> None:
    """An expired token, one from before a new password, and one of a deleted user are 401 at once."""
    olga, dora, admin = own.client("olga"), own.client("dora"), own.client("admin")
    assert olga.get("/areas").status_code == dora.get("/areas").status_code == 200
    body = {"name": "olga", "role": "operator", "areas": ["east"], "password": "a-new-long-password"}
    admin.put("/users/olga", json=body).raise_for_status()
    admin.delete("/users/dora").raise_for_status()
    assert olga.get("/areas").status_code == 401
    assert dora.get("/areas").status_code == 401
    assert login(own, "olga", "a-new-long-password").status_code == 200
    own.shift = own.settings.token_life + timedelta(seconds=1)
    assert admin.get("/areas").status_code == 401


def test_without_the_setting_there_is_no_guest(own: House) -> None:
    """A county's hub answers 404 to the guest's door, and 401 to a guest's token of another time."""
    assert own.client(None).post("/auth/guest").status_code == 404


def test_logging_out_takes_the_cookie_back(own: House) -> None:
    """The answer empties the cookie."""
    answer = own.client(None).post("/auth/logout")
    assert answer.status_code == 200
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
