"""Bare paho: the client library with as little around it as there can be, the same rule, and a websocket if asked.

    python -m bench.peers.bare_paho BROKER_URL TOPIC [PORT]

Without PORT it only receives, parses and judges. With one it also hands every value to the websockets that listen
there, the values of a message as one array. paho's own network thread does the first, an event loop the second.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import UTC, datetime

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.sensors.county import LIMIT
from ingest.mqtt.address import Address

WARM = "temperature"


class Bare:
    """One loop."""

    def __init__(self, url: str, topic: str) -> None:
        self.alarms = 0
        self._sockets: set[ServerConnection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        at = Address.parse(url)
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "bare-paho", protocol=paho.MQTTv5)
        self._client.on_message = self._on_message
        self._client.connect(at.host, at.port)
        self._client.subscribe(topic, qos=1)

    def run(self) -> None:
        """Only receive."""
        print("ready", flush=True)
        self._client.loop_forever()

    async def push(self, port: int) -> None:
        """Receive, and hand on."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._client.loop_forever, daemon=True).start()
        async with serve(self._take, "127.0.0.1", port, compression=None) as server:
            print("ready", flush=True)
            await server.serve_forever()

    async def _take(self, socket: ServerConnection) -> None:
        self._sockets.add(socket)
        try:
            await socket.wait_closed()
        finally:
            self._sockets.discard(socket)

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        said = orjson.loads(message.payload)
        values = said["values"]
        if values.get(WARM, 0) > LIMIT:
            self.alarms += 1
        if self._loop is None or not self._sockets:
            return
        device = message.topic.split("/")[3]
        at = datetime.fromtimestamp(said["ts"] / 1000, UTC).isoformat(timespec="milliseconds")
        readings = [
            {"device": device, "quantity": name, "value": value, "at": at} for name, value in values.items()
        ]
        self._loop.call_soon_threadsafe(broadcast, self._sockets, orjson.dumps(readings).decode())


if __name__ == "__main__":
    bare = Bare(*sys.argv[1:3])
    if len(sys.argv) > 3:
        asyncio.run(bare.push(int(sys.argv[3])))
    else:
        bare.run()
