"""Address: where the broker is and who we are there, from a URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ingest.errors import InvalidSetting

PORTS = {"mqtt": 1883, "tcp": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Address:
    """A broker. Printed without user and password."""

    host: str
    port: int
    tls: bool
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @staticmethod
    def parse(url: str) -> Address:
        """From `mqtt://[user:password@]host[:port]`; InvalidSetting never repeats the password."""
        mend = "write mqtt://host:1883 or mqtts://host:8883"
        try:
            split = urlsplit(url)
            port = split.port
        except ValueError as wrong:
            raise InvalidSetting("the broker's address is not a URL", mend=mend) from wrong
        if split.scheme not in PORTS or not split.hostname:
            raise InvalidSetting(f"{split.scheme or 'nothing'}:// names no broker", mend=mend)
        return Address(
            host=split.hostname,
            port=port or PORTS[split.scheme],
            tls=split.scheme == "mqtts",
            user=unquote(split.username) if split.username else None,
            password=unquote(split.password) if split.password else None,
        )
