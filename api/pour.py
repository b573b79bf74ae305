"""Pour: one stream of messages into one websocket, until either ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.close_codes import DONE, INTERNAL, told
from ingest.errors import HubError

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 5.0
"""Seconds for the other side to take the close."""


async def pour(ws: WebSocket, messages: AsyncGenerator[str | bytes]) -> None:
    """Accept and send what comes; the close code says why it ended. The generator is closed in any case."""
    await ws.accept()
    sending = asyncio.create_task(_send(ws, messages), name="pour")
    leaving = asyncio.create_task(_leave(ws), name="pour leave")
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
        await messages.aclose()
    if not sending.cancelled() and sending.exception() is None:
        code, reason = sending.result()
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):  # it is over either way
            await asyncio.wait_for(ws.close(code, reason), CLOSE_TIMEOUT)


async def _send(ws: WebSocket, messages: AsyncGenerator[str | bytes]) -> tuple[int, str]:
    """The close code and reason, once nothing more comes."""
    try:
        async for message in messages:
            if isinstance(message, str):
                await ws.send_text(message)
            else:
                await ws.send_bytes(message)
    except HubError as wrong:
        return told(wrong)
    except (WebSocketDisconnect, RuntimeError):
        return DONE, ""  # the other side went away while it was written to
    except Exception:
        log.exception("a stream failed; its websocket is closed")
        return INTERNAL, "internal error"
    return DONE, "over"


async def _leave(ws: WebSocket) -> None:
    """Nothing is expected from the other side; its going away is."""
    while (await ws.receive())["type"] != "websocket.disconnect":
        pass
