"""Push token: what a device shows in the address it pushes to."""

from __future__ import annotations

import base64
import hashlib
import hmac


def push_token(hub_secret: str, device: str, generation: int = 1) -> str:
    """The token of one device, derived: another HUB_SECRET, device or generation gives another one. 32 characters."""
    words = [b"push", device.encode()]
    if generation > 1:
        words.append(str(generation).encode())
    made = hmac.new(hub_secret.encode(), b"\0".join(words), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


def push_path(hub_secret: str, device: str, generation: int = 1) -> str:
    """The path below the hub's address."""
    return f"/api/v1/push/{device}/{push_token(hub_secret, device, generation)}"
