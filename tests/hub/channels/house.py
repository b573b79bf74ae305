"""House: a ledger with one site, and the sender of its notices; channels and notices as the test wants them."""

from __future__ import annotations

import ssl
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import notices, receivers
from alerts.ledger.engine import Ledger
from alerts.ledger.receivers import Figures
from alerts.notice import Notice
from alerts.sight import Visibility
from alerts.signature import write_secret
from config.directory import directory
from config.door import Door
from config.secrets import SecretBox
from hub.serve.deliveries import DeliverySender
from hub.serve.outbound import Outbound
from ingest.mqtt.client import Client
from ingest.text import Text
from tests.servers.sending import sending

BOX = SecretBox("s" * 40)
SECRET = write_secret(bytes(range(32)))
COUNTY = """
areas: [{id: county, level: county, name: 县, timezone: Asia/Shanghai}]
sites: [{id: school-1, area: county, kind: canteen-school, name: {zh: 第一小学, en: School 1}}]
"""
PHONE, ADDRESS = "13800138000", "10.0.0.7"


class House:
    """A ledger with a registry, a clock of its own, and the sender when it runs."""

    def __init__(self, folder: Path) -> None:
        self.shift = timedelta(0)
        self.ledger = Ledger.open(f"sqlite:///{folder / 'hub.db'}", clock=self.now)
        self.door = Door(self.ledger, BOX, clock=self.now)
        self.apply(COUNTY)
        self.counted: list[tuple[str, str]] = []
        self.own: Client | None = None
        self.trust: ssl.SSLContext | None = None
        self.n = 0

    def now(self) -> datetime:
        """The shifted time."""
        return datetime.now(UTC) + self.shift

    def apply(self, text: str) -> None:
        """Into the registry."""
        self.door.apply(text, name="test", prune=False, dry_run=False, who="test")

    def directory(self) -> Directory:
        """As of now."""
        return directory(self.door.registry())

    def tell(self, *channels: str, **changes: object) -> str:
        """A notice; its id."""
        self.n += 1
        base: dict[str, object] = {
            "id": new_id(self.now() + timedelta(milliseconds=self.n)),
            "at": self.now(),
            "why": "new-group",
            "addressee": "li-who-is-on-duty",
            "group": f"group-{self.n}",
            "route": "route-1",
            "incidents": ("01INCIDENT",),
            "open": 1,
            "severity": "major",
            "place": Visibility("county", "canteen-school", "school-1"),
            "title": Text("冰箱温度过高 第一小学", "Fridge warm at School 1"),
            "channels": channels,
        }
        notice = Notice(**(base | changes))  # type: ignore[arg-type] # fields by name
        self.ledger.write(lambda conn: notices.add(conn, notice)).result(5)
        return notice.id

    def figures(self, channel: str) -> Figures:
        """What waits for it."""
        with self.ledger.read() as conn:
            found = [each for each in receivers.figures(conn) if (each.kind, each.id) == ("channel", channel)]
        return found[0] if found else Figures("channel", channel, 0, 0, failing=False)

    def reasons(self) -> list[str]:
        """How the attempts went."""
        return [reason for _, reason in self.counted]

    def sending(self) -> AbstractAsyncContextManager[DeliverySender]:
        """The sender runs within the block."""
        sender = DeliverySender(
            self.ledger,
            BOX,
            directory=self.directory,
            public_url="https://hub.example/",
            clock=self.now,
            counted=lambda kind, reason: self.counted.append((kind, reason)),
            outbound=lambda: Outbound(clock=self.now, own=self.own, trust=self.trust, total=1.5),
        )
        return sending(self.ledger, sender)


def nothing_private(text: str) -> None:
    """Least data outwards: neither who is told, nor a phone number, nor an address."""
    assert not [word for word in ("li-who", PHONE, ADDRESS, "jpg", "mp4") if word in text]
