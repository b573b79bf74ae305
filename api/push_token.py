"""Push token: what a device shows in the address it pushes to."""

from __future__ import annotations

import base64
import hashlib
import hmac


def push_token(hub_secret: str, device: str) -> str:
    """The token of one device, derived: another HUB_SECRET or another device gives another one. 32 characters."""
    made = hmac.new(hub_secret.encode(), b"push\0" + device.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


def push_path(hub_secret: str, device: str) -> str:
    """The path below the hub's address."""
    return f"/api/v1/push/{device}/{push_token(hub_secret, device)}"
