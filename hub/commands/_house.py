"""House: how commands reach the registry: through the hub that runs on the data folder, or the ledger itself."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx

from alerts.ledger.engine import Ledger
from api.auth import local_token
from api.hub import RegistryDoor
from config.door import Door
from config.entries import NOUNS
from config.secret_file import load_secret, make_folder
from config.secrets import SecretBox
from config.settings import Settings, add_flags, load_settings
from hub.serve.data_lock import DataLock
from ingest.errors import (
    DataInUse,
    HubError,
    InvalidInput,
    InvalidRegistry,
    Mistake,
    NotFound,
    Unavailable,
)

WHO = "local"
"""How the audit trail names whoever works on this machine itself."""

Json = Mapping[str, object]


def clock() -> datetime:
    """The time (UTC)."""
    return datetime.now(UTC)


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags of every command that works with the data."""
    add_flags(parser, ("data", "database_url"))


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings that hold for this call."""
    return load_settings(vars(args), os.environ)


@contextmanager
def ledger_of(settings: Settings) -> Iterator[Ledger]:
    """The ledger, while no hub runs on this folder; DataInUse when one does."""
    make_folder(settings)
    with DataLock(settings.data):
        ledger = Ledger.open(settings.database, clock=clock)
        try:
            yield ledger
        finally:
            ledger.close()


@contextmanager
def registry_of(settings: Settings) -> Iterator[RegistryDoor]:
    """The registry: of the running hub through its API, else of the ledger."""
    try:
        with ledger_of(settings) as ledger:
            yield Door(ledger, SecretBox(load_secret(settings)), clock=clock)
            return
    except DataInUse:
        address = running_at(settings.data)
        if address is None:
            raise
    with httpx.Client(base_url=f"{address}/api/v1", timeout=httpx.Timeout(90, connect=5)) as client:
        yield RemoteDoor(client, load_secret(settings))


def running_at(data: Path) -> str | None:
    """The address in run.json, or None while there is none to read."""
    try:
        run = json.loads((data / "run.json").read_text("utf-8"))
        os.kill(int(run["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no hub, one that is just starting, or the file of one that was killed
    return str(run["http"]) if isinstance(run.get("http"), str) else None


@dataclass(frozen=True, slots=True)
class RemoteDoor:
    """The registry of a running hub, through its API and with the right of whoever holds its secret."""

    client: httpx.Client
    secret: str

    def apply(self, text: str, *, name: str, prune: bool, dry_run: bool, who: str) -> Json:  # noqa: ARG002 - the door's shape; the token says who
        """POST /registry/apply."""
        answer = self._send(
            "POST",
            "/registry/apply",
            params={"name": name, "prune": prune, "dry_run": dry_run},
            content=text.encode(),
            headers={"Content-Type": "application/yaml"},
        )
        return cast("Json", answer.json())

    def export(self, *, who: str) -> str:  # noqa: ARG002 - the door's shape; the token says who
        """GET /registry/export."""
        return self._send("GET", "/registry/export").text

    def put(self, noun: str, key: str, body: Json, *, who: str) -> Json:  # noqa: ARG002 - the door's shape; the token says who
        """PUT of one entry."""
        return cast("Json", self._send("PUT", f"/{NOUNS[noun]}/{key}", json=dict(body)).json())

    def delete(self, noun: str, key: str, *, who: str) -> None:  # noqa: ARG002 - the door's shape; the token says who
        """DELETE of one entry."""
        self._send("DELETE", f"/{NOUNS[noun]}/{key}")

    def post(self, path: str, body: Json) -> Json:
        """One POST, both ways JSON."""
        return cast("Json", self._send("POST", path, json=dict(body)).json())

    def text(self, method: str, path: str, *, body: str, name: str) -> str:
        """A table as text, or what became of the one sent; `name` is how mistakes call it."""
        more: dict[str, object] = {}
        if method != "GET":
            more = {
                "params": {"name": name},
                "content": body.encode(),
                "headers": {"Content-Type": "text/csv"},
            }
        return self._send(method, path, **more).text

    def json(self, method: str, path: str, body: Json | None = None) -> Json:
        """What the API answers at this path."""
        more: dict[str, object] = {} if body is None else {"json": dict(body)}
        return cast("Json", self._send(method, path, **more).json())

    def _send(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {local_token(self.secret, clock())}"}
        headers |= cast("dict[str, str]", more.pop("headers", {}))
        try:
            answer = self.client.request(method, path, headers=headers, **more)  # type: ignore[arg-type] # passed on as given
        except httpx.HTTPError as wrong:
            raise Unavailable(
                f"the running hub does not answer ({type(wrong).__name__})",
                where=str(self.client.base_url),
                mend="try again, or stop it and work on its data",
            ) from wrong
        if answer.is_success:
            return answer
        raise _error_of(answer)


def _error_of(answer: httpx.Response) -> HubError:
    """The problem of an answer, as the error that it was."""
    try:
        problem = answer.json()
    except ValueError:
        return HubError(f"the running hub answered {answer.status_code}", where=str(answer.url.path))
    detail = str(problem.get("detail"))
    mistakes = [each for each in problem.get("errors", []) if isinstance(each, dict) and "line" in each]
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY and mistakes:
        return InvalidRegistry(tuple(_mistake(each) for each in mistakes))
    if answer.status_code == httpx.codes.NOT_FOUND:
        return NotFound(detail)
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return InvalidInput(detail)
    return HubError(f"the running hub refused: {detail}")


def _mistake(each: Mapping[str, object]) -> Mistake:
    what, _, mend = str(each["message"]).partition("; ")
    return Mistake(str(each.get("file", "")), int(str(each["line"])), str(each["path"]), what, mend)
