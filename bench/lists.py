"""Lists over HTTP with 10,000 open incidents: how long a screen waits for its page, from request to last byte.

The hub is the real one, on SQLite; 10,000 conditions are raised through the router at 2,500 sites, each with its
case. Pages are of 200; the last page is reached by following `next` as a client would.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import quantiles

import httpx
import yaml

from alerts.ids import new_id
from alerts.ledger.engine import Connection
from alerts.router import apply_signals
from bench.figures import Figures
from bench.served import PASSWORD, served
from detectors.signal import Signal
from hub.serve.house import House
from ingest.text import Text

ABOUT = "milliseconds for a page of 200 with 10,000 open incidents, 95th of 100 requests"
SITES = 2500
PER_SITE = 4
AT_ONCE = 500
REQUESTS = 100
REPEATS = 3


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def registry() -> str:
    """Twenty towns with their kitchens and crossroads."""
    towns = [{"id": f"town-{n}", "parent": "county", "level": "town", "name": f"镇{n}"} for n in range(20)]
    sites = [
        {
            "id": f"site-{n}",
            "area": f"town-{n % 20}",
            "kind": "canteen-school" if n % 3 else "crossroad",
            "name": f"点位{n}",
        }
        for n in range(SITES)
    ]
    return yaml.safe_dump(
        {
            "areas": [{"id": "county", "level": "county", "name": "县"}, *towns],
            "units": [{"id": "duty-room", "area": "county", "name": "值班室"}],
            "sites": sites,
            "routes": [{"unit": "duty-room"}],
            "users": [
                {"name": "olga", "role": "operator", "areas": ["county"], "password": PASSWORD},
                {"name": "ines", "role": "inspector", "areas": ["town-3"], "password": PASSWORD},
            ],
        },
        allow_unicode=True,
    )


def signals() -> list[Signal]:
    """One raise for every condition of every site."""
    at = now()
    return [
        Signal(
            id=new_id(at),
            rule=f"rule-{each}",
            kind="threshold",
            condition=f"condition-{each}",
            place=f"site-{site}",
            device="",
            state="active",
            since=at,
            at=at,
            severity=("info", "minor", "major", "critical")[each % 4],
            value=9.0,
            limit=8.0,
            certainty=1.0,
            epoch=1,
            n=1,
            explanation=Text("温度 9.0 °C 高于上限 8.0 °C", "temperature 9.0 °C above the limit of 8.0 °C"),
        )
        for site in range(SITES)
        for each in range(PER_SITE)
    ]


def run() -> Figures:
    """Measure."""
    return asyncio.run(_run())


async def _run() -> Figures:
    figures = Figures("ms (95th of 100)")
    async with served(registry()) as hub:
        await asyncio.to_thread(_fill, hub.house)
        for repeat in range(REPEATS):
            await asyncio.to_thread(_measure, hub.http, figures)
            print(f"  repeat {repeat + 1} of {REPEATS}", flush=True)
    return figures


def _fill(house: House) -> None:
    whole = signals()
    county = house.directory()
    for start in range(0, len(whole), AT_ONCE):
        part = whole[start : start + AT_ONCE]

        def act(conn: Connection, part: list[Signal] = part) -> None:
            apply_signals(conn, part, directory=county, now=now(), origin="serve")

        house.ledger.write(act).result(300)
        print(f"  {start + len(part):,} of {len(whole):,} raised", flush=True)


def _measure(url: str, figures: Figures) -> None:
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False) as operator:
        _login(operator, "olga")
        pages: dict[str, Mapping[str, str]] = {
            "first page": {"state": "open"},
            "by condition": {"state": "open", "condition": "condition-3"},
            "by area and severity": {"state": "open", "area": "town-7", "severity": "critical"},
            "by one site": {"state": "open", "site": "site-77"},
            "last page by cursor": {"state": "open", "cursor": _last(operator)},
        }
        for name, asked in pages.items():
            figures.add(name, _slow(operator, "/incidents", asked))
        figures.add("cases, first page", _slow(operator, "/cases", {"state": "open"}))
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False) as inspector:
        _login(inspector, "ines")
        figures.add("first page of one town's inspector", _slow(inspector, "/incidents", {"state": "open"}))


def _login(client: httpx.Client, name: str) -> None:
    answer = client.post("/auth/login", json={"username": name, "password": PASSWORD}).raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _last(client: httpx.Client) -> str:
    """The cursor that leads to the last page."""
    seen = 0
    cursor: dict[str, str] = {}
    while True:
        body = (
            client.get("/incidents", params={"state": "open", "limit": "200", **cursor})
            .raise_for_status()
            .json()
        )
        seen += len(body["items"])
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
    if seen != SITES * PER_SITE:
        raise AssertionError(f"{seen:,} incidents came, not {SITES * PER_SITE:,}")
    return cursor["cursor"]


def _slow(client: httpx.Client, path: str, asked: Mapping[str, str]) -> float:
    taken: list[float] = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        answer = client.get(path, params={"limit": "200", **asked}).raise_for_status()
        if not answer.json()["items"]:
            raise AssertionError(f"{path} {asked} is empty")
        taken.append((time.perf_counter() - begun) * 1000)
    return quantiles(taken, n=20)[-1]
