"""Notices to the robots of chat groups: a real server checks what their documents ask for."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest.text import Text
from tests.hub.channels.house import House, nothing_private
from tests.servers.receiver import Got, Receiver, Reply, status
from tests.servers.wait import until

pytestmark = pytest.mark.slow


def robot(checked: Callable[[Got], int], receiver: list[Receiver]) -> Reply:
    """A robot as documented: JSON with errcode, whatever is wrong, inside HTTP 200."""

    def status_reply(sock: socket.socket, end: threading.Event) -> None:
        code = checked(receiver[0].got[-1])
        status(200, json.dumps({"errcode": code, "errmsg": "x"}).encode())(sock, end)

    return status_reply


def wecom(got: Got) -> int:
    """What 群机器人配置说明 asks for."""
    if parse_qs(urlsplit(got.path).query) != {"key": ["the-key"]}:
        return 93000
    body = json.loads(got.body)
    if set(body) != {"msgtype", "text"} or body["msgtype"] != "text" or set(body["text"]) != {"content"}:
        return 40008
    return 0 if 0 < len(body["text"]["content"].encode()) <= 2048 else 40058


def dingtalk(got: Got) -> int:
    """What 自定义机器人 and its 加签 ask for."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(got.path).query).items()}
    if set(query) != {"access_token", "timestamp", "sign"} or query["access_token"] != "the-token":
        return 300005
    text = f"{query['timestamp']}\nSEC-of-the-robot"
    sign = base64.b64encode(hmac.new(b"SEC-of-the-robot", text.encode(), hashlib.sha256).digest()).decode()
    late = abs(datetime.now(UTC).timestamp() * 1000 - int(query["timestamp"])) > 3_600_000
    body = json.loads(got.body)
    right = body.get("msgtype") == "text" and "application/json" in got.headers["content-type"]
    return 0 if right and sign == query["sign"] and not late else 310000


ROBOTS = [
    ("wecom", wecom, "?key=the-key", ""),
    ("dingtalk", dingtalk, "?access_token=the-token", ", secret: SEC-of-the-robot"),
]


@pytest.mark.parametrize(("kind", "check", "query", "more"), ROBOTS, ids=["wecom", "dingtalk"])
async def test_a_robot_takes_it(
    house: House, kind: str, check: Callable[[Got], int], query: str, more: str
) -> None:
    """Format, key and signature are those of the platform's documents; nobody is called by a crafted name."""
    me: list[Receiver] = []
    with Receiver(robot(check, me)) as receiver:
        me.append(receiver)
        house.apply(f'channels: [{{id: r, kind: {kind}, url: "{receiver.url}{query}"{more}}}]')
        async with house.sending():
            house.tell("r")
            house.tell("r", title=Text("<@all>" + "长" * 3000, "x"))
            await until(lambda: house.figures("r").pending == 0, "taken")
    assert house.reasons() == ["sent", "sent"]
    first, second = (json.loads(each.body)["text"]["content"] for each in receiver.got)
    assert first.startswith("县哨 [重要] 冰箱温度过高 第一小学 (新报警)\n地点: 第一小学\n时间: ")
    assert first.endswith("\nhttps://hub.example/incidents/01INCIDENT")
    nothing_private(first)
    assert "<" not in second


ERRCODES = [
    ("wecom", 45009, "busy", 1, 0),
    ("wecom", -1, "server-error", 1, 0),
    ("wecom", 93000, "rejected", 0, 1),
    ("wecom", 40058, "rejected", 0, 1),
    ("dingtalk", 130101, "busy", 1, 0),
    ("dingtalk", 410100, "busy", 1, 0),
    ("dingtalk", 310000, "rejected", 0, 1),
]


@pytest.mark.parametrize(("kind", "code", "reason", "pending", "dead"), ERRCODES, ids=str)
async def test_a_robots_no(house: House, kind: str, code: int, reason: str, pending: int, dead: int) -> None:
    """An errcode inside HTTP 200 is no success: a limit is waited for, a refusal is a dead letter at once."""
    me: list[Receiver] = []
    with Receiver(robot(lambda _: code, me)) as receiver:
        me.append(receiver)
        house.apply(f'channels: [{{id: r, kind: {kind}, url: "{receiver.url}?key=k&access_token=t"}}]')
        async with house.sending() as sender:
            house.tell("r")
            await until(lambda: sender.degraded() == {"channel-r": f"{reason} ({code})"}, "shown")
            found = house.figures("r")
    assert (found.pending, found.dead) == (pending, dead)
    assert house.counted[0] == (kind, reason)
    assert len(receiver.got) <= 2


async def test_a_page_is_no_robot(house: House) -> None:
    """Something between that answers 200 with a page is not taken for success."""
    with Receiver(status(200, b"<html>log in to the guest net</html>")) as receiver:
        house.apply(f'channels: [{{id: r, kind: wecom, url: "{receiver.url}?key=k"}}]')
        async with house.sending() as sender:
            house.tell("r")
            await until(lambda: bool(sender.degraded()), "shown")
    assert house.figures("r").pending == 1
    assert house.reasons()[0] == "malformed"


async def test_no_more_than_twenty_a_minute(house: House) -> None:
    """A robot's limit is kept to: the 21st waits for the minute to pass."""
    with Receiver(status(200, b'{"errcode":0}')) as receiver:
        house.apply(f'channels: [{{id: r, kind: wecom, url: "{receiver.url}?key=k"}}]')
        async with house.sending():
            for _ in range(25):
                house.tell("r")
            await until(lambda: len(receiver.got) == 20, "twenty at once")
            await asyncio.sleep(0.5)
            assert len(receiver.got) == 20
            house.shift += timedelta(seconds=62)
            await until(lambda: len(receiver.got) == 25, "the rest a minute later")
