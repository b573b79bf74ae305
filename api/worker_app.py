"""The worker's own small HTTP app: status, pictures, live streams, evidence; for `serve` alone (worker token).

It knows no users and no rights: `serve` checks those and proxies.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Literal, Protocol

from fastapi import Depends, FastAPI, Response, WebSocket
from starlette.requests import HTTPConnection

from api import errors
from api.answers import answer, binary
from api.pour import pour
from api.server import SILENT
from ingest.errors import EvidenceNone, NotAuthenticated

NAMES: Mapping[str, str] = {
    "shown.jpg": "image/jpeg",
    "shown-boxes.jpg": "image/jpeg",
    "shown.mp4": "video/mp4",
    "original.mp4": "video/mp4",
    "meta.json": "application/json",
}
"""The files of one piece of evidence; any other name is not there."""

Form = Literal["fmp4", "jpeg", "shown"]
"""fmp4: the camera's own packets; jpeg: the same as single pictures; shown: single pictures, persons blurred."""

REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class WorkerView(Protocol):
    """What the worker shows; every method is thread-safe."""

    def status(self) -> Mapping[str, object]:
        """The status message, as it is also published every 2 s."""

    def snapshot(self, device: str) -> bytes:
        """JPEG of the camera's latest keyframe, persons blurred.

        Raises NotFound for a camera of another worker, CameraUnreachable when there is no picture.
        """

    def region(self, device: str, region: str) -> bytes:
        """PNG of a region of the camera's latest keyframe as it is, for teaching.

        Raises as snapshot() does, InvalidInput for what is no region, and NotFound for the upper body of nobody.
        """

    def goto(self, device: str, preset: str) -> None:
        """Send the camera to a preset; raises NotFound, or CameraUnreachable when it does not obey."""

    def live(self, device: str, form: Form) -> AsyncGenerator[str | bytes]:
        """First JSON `{codec, mime, as, otherwise}`, then the stream; from the event loop, closed when done.

        Raises NotFound, CameraUnreachable, StreamEnded, TooSlow.
        """

    def playback(self, device: str, start: datetime, end: datetime) -> AsyncGenerator[str | bytes]:
        """The same of what the camera's recorder has of that time; ends with it.

        Raises NotFound, NoRecorder, CameraUnreachable, StreamEnded, TooMany, TooSlow.
        """

    def evidence(self, ref: str, name: str) -> bytes:
        """One file of a piece of evidence; raises EvidenceNone, or EvidencePending while it is written."""

    def forget(self, ref: str) -> None:
        """Delete one piece of evidence, now that `serve` has confirmed its sha256; twice is fine."""


def create_worker_app(view: WorkerView, token: str) -> FastAPI:
    """The app; `token` is the worker token that `serve` shows."""
    expected = f"Bearer {token}".encode()

    def known(asked: HTTPConnection) -> None:
        if not hmac.compare_digest(asked.headers.get("authorization", "").encode(), expected):
            raise NotAuthenticated("not the worker token")

    app = FastAPI(
        title="worker",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=SILENT,
        dependencies=[Depends(known)],
    )
    errors.install(app)

    @app.get("/status")
    def status() -> Response:
        return answer(view.status())

    @app.get("/cameras/{device}/snapshot.jpg")
    def snapshot(device: str) -> Response:
        return binary(view.snapshot(device), "image/jpeg", "snapshot.jpg")

    @app.get("/cameras/{device}/region.png")
    def region(device: str, region: str) -> Response:
        return binary(view.region(device, region), "image/png", "region.png")

    @app.post("/cameras/{device}/preset/{preset}")
    def goto(device: str, preset: str) -> Response:
        view.goto(device, preset)
        return Response(status_code=204)

    @app.websocket("/cameras/{device}/live")
    async def live(ws: WebSocket, device: str, form: Form = "fmp4") -> None:
        await pour(ws, view.live(device, form))

    @app.websocket("/cameras/{device}/playback")
    async def playback(ws: WebSocket, device: str, start: datetime, end: datetime) -> None:
        await pour(ws, view.playback(device, start, end))

    @app.get("/evidence/{ref}/{name}")
    def evidence(ref: str, name: str) -> Response:
        if name not in NAMES or not REF.fullmatch(ref):
            raise EvidenceNone("no such evidence")
        return binary(view.evidence(ref, name), NAMES[name], name)

    @app.delete("/evidence/{ref}")
    def forget(ref: str) -> Response:
        if not REF.fullmatch(ref):
            raise EvidenceNone("no such evidence")
        view.forget(ref)
        return Response(status_code=204)

    return app
