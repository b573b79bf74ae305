"""Receiver: takes webhooks as fast as this language can, and remembers when each group was first told of.

    python -m bench.peers.receiver

It prints its address. `GET /taken` answers `{"requests": N, "groups": {"z1": seconds}}`, in the machine's monotonic
clock, which is the same for every process; `DELETE /taken` forgets. It understands the hub's events and notices and
Alertmanager's webhooks: what they tell of is called `z` and a number in all of them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time

FIRING = re.compile(rb'"type":"incident\.raised"|"why":"new-group"|"status":"firing"')
GROUP = re.compile(rb"\bz[0-9]+\b")


class Taken:
    """What came."""

    def __init__(self) -> None:
        self.requests = 0
        self.groups: dict[str, float] = {}

    def note(self, body: bytes, at: float) -> None:
        """One webhook; of several alerts in one message each counts."""
        self.requests += 1
        if FIRING.search(body):
            for group in GROUP.findall(body):
                self.groups.setdefault(group.decode(), at)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                at = time.monotonic()
                found = re.search(rb"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(found[1]) if found else 0)
                answer = b""
                if head.startswith(b"GET /taken"):
                    answer = json.dumps({"requests": self.requests, "groups": self.groups}).encode()
                elif head.startswith(b"DELETE /taken"):
                    self.requests, self.groups = 0, {}
                else:
                    self.note(body, at)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender has gone
        finally:
            writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Taken().serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
