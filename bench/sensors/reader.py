"""Reader: one websocket that takes arrays of readings and says how late each reading came.

    python -m bench.sensors.reader URL [TOKEN]

Prints `open` when it listens. A line on its input is answered with one JSON object about what came since the last: how
many readings (`frames`), median, 99th percentile and most of the milliseconds from publishing to here, and when the
last came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import datetime
from functools import lru_cache

import orjson
from websockets.asyncio.client import connect


@lru_cache(maxsize=1024)
def moment(at: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(at).timestamp()


async def main(url: str, token: str) -> None:
    """Until the input ends."""
    delays: list[float] = []
    last = 0.0
    protocols = [f"bearer.{token}"] if token else None
    async with connect(url, subprotocols=protocols, max_queue=None, compression=None) as ws:  # type: ignore[arg-type] # plain str is what it takes

        async def take() -> None:
            nonlocal last
            async for text in ws:
                last = time.time()
                found = orjson.loads(text)
                if isinstance(found, list):  # a heartbeat is an object
                    delays.extend(last - moment(each["at"]) for each in found)

        taking = asyncio.create_task(take())
        print("open", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            some, delays[:] = sorted(delays), []
            count = len(some)
            print(
                json.dumps(
                    {
                        "frames": count,
                        "p50": some[count // 2] * 1000 if some else None,
                        "p99": some[count * 99 // 100] * 1000 if some else None,
                        "max": some[-1] * 1000 if some else None,
                        "last": last,
                    }
                ),
                flush=True,
            )
        taking.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
