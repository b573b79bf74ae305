"""The one place that turns errors into answers: RFC 9457 problems, `urn:hub:problem:<slug>`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ingest.errors import (
    Conflict,
    EvidencePending,
    HubError,
    InvalidInput,
    InvalidRegistry,
    MalformedPayload,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    TooLarge,
    TooMany,
    TooOld,
    TooSlow,
    Unavailable,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: tuple[tuple[type[HubError], int], ...] = (
    (InvalidInput, 422),
    (NotAuthenticated, 401),
    (NotPermitted, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooOld, 410),
    (TooSlow, 408),
    (TooLarge, 413),
    (TooMany, 429),
    (Unavailable, 503),
)
"""Which HTTP status each branch of the tree in ingest/errors.py has; anything else is 500."""

TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    416: "Range not there",
    422: "Invalid input",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}

SLUGS: Mapping[int, str] = {
    400: "invalid-input",
    401: "not-authenticated",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    429: "too-many",
}

Errors = Sequence[Mapping[str, object]]


def problem(
    status: int,
    slug: str,
    detail: str,
    *,
    errors: Errors = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """One problem as an answer; `errors` is `[{path, message}]`, empty when there is no part to name."""
    body = {
        "type": f"urn:hub:problem:{slug}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "errors": list(errors),
        **(more or {}),
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def status_of(error: HubError) -> int:
    """The HTTP status of one error of the tree."""
    return next((status for cause, status in STATUS if isinstance(error, cause)), 500)


def answer_to(error: HubError) -> Response:
    """The problem that one error of the tree becomes."""
    headers: dict[str, str] = {}
    more: dict[str, object] = {}
    errors: list[Mapping[str, object]] = []
    if isinstance(error, EvidencePending | TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooOld):
        more["oldest"] = error.oldest
    if isinstance(error, MalformedPayload | Unavailable):
        more["reason"] = error.reason
    if isinstance(error, InvalidRegistry):
        errors = [
            {"path": each.path, "message": f"{each.what}; {each.mend}", "file": each.file, "line": each.line}
            for each in error.mistakes
        ]
    elif error.where and isinstance(error, InvalidInput | Conflict):
        errors = [{"path": error.where, "message": error.message}]
    detail = f"{error.message}; {error.mend}" if error.mend else error.message
    return problem(status_of(error), error.slug, detail, errors=errors, headers=headers, more=more)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem; an error nobody foresaw is logged once with its trace."""

    def of_hub(_: Request, error: Exception) -> Response:
        if not isinstance(error, HubError):
            raise error
        if status_of(error) >= 500:
            log.warning("request failed: %s", error)
        return answer_to(error)

    def of_validation(_: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        errors = [
            {"path": ".".join(str(part) for part in each["loc"]), "message": str(each["msg"])}
            for each in error.errors()
        ]
        detail = "; ".join(f"{each['path']}: {each['message']}" for each in errors[:3]) or "invalid input"
        return problem(422, InvalidInput.slug, detail, errors=errors)

    def of_http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        detail = str(error.detail)
        if error.status_code == 404:
            detail = f"nothing at {request.url.path}"
        slug = SLUGS.get(error.status_code, "error")
        return problem(error.status_code, slug, detail, headers=error.headers)

    def of_anything(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(500, "error", "an error that nobody foresaw; it was logged")

    app.add_exception_handler(HubError, of_hub)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, of_anything)
