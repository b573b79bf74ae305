"""Proxy: asks a worker for a camera's picture, within a time, with the worker token."""

from __future__ import annotations

from urllib.parse import quote

import httpx

from api.hub import Hub
from ingest.errors import CameraUnreachable, NotFound, WorkerAway

TIMEOUT = httpx.Timeout(8.0, connect=2.0)
LARGEST = 20_000_000
"""Bytes of a picture that are taken from a worker."""


class WorkerProxy:
    """One HTTP client for all workers; close() it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT,
            trust_env=False,  # workers are neighbours: no proxy between
            limits=httpx.Limits(max_connections=64),
            headers={"Authorization": f"Bearer {hub.settings.worker_token}"},
        )

    async def close(self) -> None:
        """End its connections."""
        await self._client.aclose()

    async def snapshot(self, device: str) -> bytes:
        """The camera's present picture, persons blurred; raises WorkerAway or CameraUnreachable."""
        response = await self._ask("GET", device, "snapshot.jpg")
        if response.status_code == 404:
            raise NotFound("the worker does not have this camera")
        return self._picture(response, device)

    async def region(self, device: str, region: str) -> bytes:
        """A region of the camera's present picture as it is (PNG).

        Raises WorkerAway, CameraUnreachable, and NotFound when it is an upper body and nobody is in the picture.
        """
        response = await self._ask("GET", device, f"region.png?region={quote(region, safe='')}")
        if response.status_code in {404, 422}:
            said = response.json()
            raise NotFound(str(said.get("detail", "the worker does not have this camera")), where=device)
        return self._picture(response, device)

    async def goto(self, device: str, preset: str) -> None:
        """Send the camera to a preset; raises WorkerAway, NotFound, or CameraUnreachable when it does not obey."""
        response = await self._ask("POST", device, f"preset/{quote(preset, safe='')}")
        if response.status_code == 404:
            raise NotFound("the worker does not have this camera, or it has no such preset")
        if response.status_code == 503:
            said = response.json()
            raise CameraUnreachable(
                str(said.get("detail", "it does not obey")),
                reason=str(said.get("reason", "refused")),
                where=device,
            )
        if response.status_code != 204:
            raise WorkerAway(
                f"the worker answered {response.status_code}", reason="worker-error", where=device
            )

    def _picture(self, response: httpx.Response, device: str) -> bytes:
        if response.status_code == 503:
            raise CameraUnreachable("the camera gives no picture now", reason="no-picture", where=device)
        if response.status_code != 200 or len(response.content) > LARGEST:
            raise WorkerAway(
                f"the worker answered {response.status_code}", reason="worker-error", where=device
            )
        return response.content

    async def _ask(self, method: str, device: str, path: str) -> httpx.Response:
        address = self._hub.workers.address(device)
        if address is None:
            raise WorkerAway("no worker has this camera now", reason="worker-lost", where=device)
        url = f"{address.rstrip('/')}/cameras/{quote(device, safe='')}/{path}"
        try:
            return await self._client.request(method, url)
        except httpx.TimeoutException:
            raise WorkerAway("the worker does not answer in time", reason="timeout", where=device) from None
        except httpx.HTTPError as wrong:
            raise WorkerAway(
                f"the worker cannot be reached: {type(wrong).__name__}", reason="unreachable", where=device
            ) from None
