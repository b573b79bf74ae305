"""From a gas sensor to every kind of channel, through a whole hub: told once when it begins, once when it is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts import shelf
from alerts.signature import write_secret
from config.settings import Settings
from hub.serve.run import Running, running
from ingest.instant import format_instant
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from tests.servers.ports import free_port
from tests.servers.receiver import OK, Receiver, cut, status
from tests.servers.wait import until

pytestmark = pytest.mark.slow

SECRET = write_secret(bytes(range(32)))
TOPIC = "hub/v1/k1/k1-gas/telemetry"
TAKEN = status(200, b'{"errcode": 0, "errmsg": "ok"}')


@dataclass
class Town:
    """Everybody who is told.

    Attributes:
        mails: What the mail server took.
        heard: What was published on the screen's topic.
    """

    webhook: Receiver
    wecom: Receiver
    dingtalk: Receiver
    mails: list[str] = field(default_factory=list)
    heard: list[dict[str, object]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """A mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content.decode())
        return "250 OK"

    def listen(self, message: Message, ack: Ack) -> None:
        """A notice on the broker."""
        self.heard.append(json.loads(message.payload))
        ack()

    def told(self) -> dict[str, int]:
        """How many different messages each kind got."""
        return {
            "webhook": len(set(self.webhook.ids())),
            "wecom": len(self.wecom.got),
            "dingtalk": len(self.dingtalk.got),
            "smtp": len(self.mails),
            "mqtt": len(self.heard),
        }


def registry(town: Town, mail: int) -> str:
    """One kitchen, one route that tells all."""
    return f"""
areas: [{{id: county, level: county, name: 县}}]
units: [{{id: duty-room, area: county, name: 值班室}}]
sites: [{{id: k1, area: county, kind: canteen-school, name: 第一小学食堂}}]
devices: [{{id: k1-gas, site: k1, kind: sensor}}]
rules: [{{id: gas-level, kind: threshold, sites: [k1], quantity: gas, above: 10, clear_below: 5, severity: life}}]
channels:
  - {{id: platform, kind: webhook, url: "{town.webhook.url}", secret: {SECRET}}}
  - {{id: screen, kind: mqtt}}
  - {{id: group, kind: wecom, url: "{town.wecom.url}?key=k"}}
  - {{id: town, kind: dingtalk, url: "{town.dingtalk.url}?access_token=t", secret: SEC1}}
  - {{id: mail, kind: smtp, host: 127.0.0.1, port: {mail}, security: none,
     sender: hub@county.example, to: [a@county.example]}}
routes: [{{unit: duty-room, group_wait: 0s, group_interval: 1s, channels: [platform, screen, group, town, mail]}}]
"""


@asynccontextmanager
async def hub(data: Path, text: str) -> AsyncIterator[Running]:
    """A hub without workers, with a link for those who are told."""
    settings = Settings.model_validate(
        {
            "data": data, "port": 0, "workers": 0, "admin_password": "x" * 12,
            "public_url": "https://hub.example", "open_metrics": True,
        }
    )  # fmt: skip
    async with running(
        settings,
        prepare=lambda house: _apply(house.door.apply, text),
    ) as it:
        yield it


def _apply(apply: Callable[..., object], text: str) -> None:
    apply(text, name="test", prune=False, dry_run=False, who="system")


def gas(value: float) -> bytes:
    """A gas reading as the device sends it."""
    return json.dumps({"ts": format_instant(datetime.now(UTC)), "values": {"gas": value}}).encode()


async def test_told_on_every_channel(tmp_path: Path) -> None:
    """Each channel gets one message when gas is found and one when it is gone; a lost answer is the same message."""
    with Receiver(cut, OK) as webhook, Receiver(TAKEN) as wecom, Receiver(TAKEN) as dingtalk:
        town = Town(webhook, wecom, dingtalk)
        mail = Controller(town, hostname="127.0.0.1", port=free_port())
        mail.start()
        async with hub(tmp_path / "data", registry(town, int(mail.port))) as it:
            device = Client(it.mqtt, "device", clock=lambda: datetime.now(UTC))
            device.subscribe([("hub/notices/screen", 1)], town.listen)
            device.start()
            await until(lambda: device.connected, "the device is there")
            device.publish(TOPIC, gas(20))
            await until(lambda: set(town.told().values()) == {1}, f"each was told once: {town.told()}")
            device.publish(TOPIC, gas(1))
            await until(lambda: set(town.told().values()) == {2}, f"and that it is over: {town.told()}")
            await until(lambda: len(webhook.got) == 3, "the lost answer was made good")
            metrics = (await asyncio.to_thread(httpx.get, f"{it.http}/metrics")).text
            await asyncio.to_thread(device.stop, 3)
        mail.stop()
    assert set(town.told()) == set(shelf.kinds())
    for kind in shelf.kinds():
        assert f'hub_deliveries_total{{channel_kind="{kind}",reason="sent"}} 2.0' in metrics
    first, last = (json.loads(each.body) for each in (webhook.got[0], webhook.got[-1]))
    assert [first["why"], last["why"]] == ["new-group", "resolved"]
    assert first["link"].startswith("https://hub.example/incidents/")
    text = json.loads(wecom.got[0].body)["text"]["content"]
    assert "生命安全" in text
    assert "第一小学食堂" in text
