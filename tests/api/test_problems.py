"""Every error is an RFC 9457 problem of this hub, whatever went wrong and wherever."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from api import errors
from ingest import errors as tree
from tests.servers.house import House, served

SHAPE = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:hub:problem:[a-z-]+$"},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer"},
        "detail": {"type": "string", "minLength": 1},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def assert_problem(answer: httpx.Response, status: int, slug: str) -> None:
    """The answer is this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    jsonschema.validate(body, SHAPE)
    assert body["type"] == f"urn:hub:problem:{slug}"
    assert body["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "slug"),
    [
        ("GET", "/no-such-path", None, 404, "not-found"),
        ("GET", "/incidents/nope", None, 404, "not-found"),
        ("GET", "/incidents?limit=0", None, 422, "invalid-input"),
        ("GET", "/incidents?limit=5000", None, 422, "invalid-input"),
        ("GET", "/incidents?cursor=%00rubbish", None, 422, "invalid-input"),
        ("GET", "/incidents?since=yesterday", None, 422, "invalid-input"),
        ("GET", "/incidents?state=half-open", None, 422, "invalid-input"),
        ("GET", "/events?after=-1", None, 422, "invalid-input"),
        ("GET", "/events?after=99999999999999999999999", None, 422, "invalid-input"),
        ("DELETE", "/incidents", None, 405, "method-not-allowed"),
        ("GET", "/users", None, 403, "not-permitted"),
        ("POST", "/cases", {"kind": "x"}, 422, "invalid-input"),
        (
            "POST",
            "/cases",
            {"kind": "x", "title": "x", "source": "operator", "site": "moon"},
            404,
            "not-found",
        ),
        ("POST", "/cases", {"kind": "x", "title": "x", "source": "operator"}, 422, "invalid-input"),
        ("POST", "/broadcasts", {"text": "x", "devices": ["cam-1"]}, 422, "invalid-input"),
        ("POST", "/broadcasts", {"text": "x"}, 422, "invalid-input"),
    ],
)
def test_mistakes_of_a_request(
    house: House, method: str, path: str, body: object, status: int, slug: str
) -> None:
    """Wrong paths, parameters, bodies and rights: each its own problem."""
    assert_problem(house.client("olga").request(method, path, json=body), status, slug)


def test_a_body_that_is_no_json(house: House) -> None:
    """Broken JSON and broken text are the sender's mistake."""
    headers = {"Content-Type": "application/json"}
    for content in (b"{", b"\xff\xfe", b"[]", b""):
        answer = house.client("olga").post("/cases", content=content, headers=headers)
        assert_problem(answer, 422, "invalid-input")


def test_what_was_wrong_is_named_and_not_repeated(house: House) -> None:
    """The path of each mistake is there; the rejected password is not."""
    given = {"username": 5, "password": ["a-password-typed-wrongly"], "more": 1}
    answer = house.client(None).post("/auth/login", json=given)
    assert_problem(answer, 422, "invalid-input")
    paths = {each["path"] for each in answer.json()["errors"]}
    assert paths == {"body.username", "body.password", "body.more"}
    assert "a-password-typed-wrongly" not in answer.text


def test_too_large_a_body_is_413(house: House) -> None:
    """With a length that says so, and without one."""
    big = b'{"kind": "' + b"x" * house.settings.max_body + b'"}'
    headers = {"Content-Type": "application/json"}
    assert_problem(house.client("olga").post("/cases", content=big, headers=headers), 413, "too-large")

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(big), 100_000):
            yield big[start : start + 100_000]

    try:
        answer = house.client("olga").post("/cases", content=pieces(), headers=headers)
    except (httpx.WriteError, httpx.RemoteProtocolError):
        return  # the server had said enough before everything was sent
    assert_problem(answer, 413, "too-large")


def test_every_mistake_of_a_registry_is_told(house: House) -> None:
    """All mistakes at once, each with file, line and path; nothing was applied."""
    text = "areas:\n  - {id: UPPER, level: town, name: x}\n  - {id: ok, level: planet, name: y}\nrubbish: 1\n"
    answer = house.client("admin").post("/registry/apply?name=county.yaml", content=text.encode())
    assert_problem(answer, 422, "invalid-registry")
    found = answer.json()["errors"]
    assert len(found) >= 3
    assert {each["file"] for each in found} == {"county.yaml"}
    assert {each["line"] for each in found} >= {2, 3, 4}
    assert house.client("admin").get("/areas").text.count("planet") == 0


def test_the_whole_tree_becomes_problems() -> None:
    """Each cause of ingest/errors.py has its status and slug; what nobody foresaw is 500 and says nothing."""
    app = FastAPI()
    errors.install(app)
    causes: dict[str, tuple[Exception, int, str]] = {
        "stale": (tree.VersionStale("old", where="expect_version"), 409, "version-stale"),
        "pending": (tree.EvidencePending("wait", retry_after=2), 409, "evidence-pending"),
        "none": (tree.EvidenceNone("no"), 404, "evidence-none"),
        "old": (tree.TooOld("gone", oldest=7), 410, "too-old"),
        "large": (tree.TooLarge("big"), 413, "too-large"),
        "many": (tree.TooMany("often", retry_after=9), 429, "too-many"),
        "worker": (tree.WorkerAway("away", reason="timeout"), 503, "worker-away"),
        "ledger": (tree.LedgerAway("away", reason="commit"), 503, "ledger-away"),
        "action": (tree.UnknownAction("pair"), 422, "unknown-action"),
        "bug": (KeyError("the secret of the house"), 500, "error"),
    }

    def failing(cause: Exception) -> Callable[[], None]:
        def fail() -> None:
            raise cause

        return fail

    for name, (cause, _, _) in causes.items():
        app.add_api_route(f"/{name}", failing(cause))
    with served(app) as url:
        for name, (_, status, slug) in causes.items():
            answer = httpx.get(f"{url}/{name}")
            assert_problem(answer, status, slug)
            assert "secret" not in answer.text
        assert httpx.get(f"{url}/pending").headers["retry-after"] == "2"
        assert httpx.get(f"{url}/many").headers["retry-after"] == "9"
        assert httpx.get(f"{url}/old").json()["oldest"] == 7
