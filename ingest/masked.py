"""Masked: how a secret is written where it must not be seen."""

from __future__ import annotations

MASK = "***"
"""How a secret is written in an export; applied again, it keeps the stored one."""
