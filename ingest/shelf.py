"""Shelf: a folder where one file adds one kind; the file's name is the word after `kind:`."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def modules(package: str) -> dict[str, ModuleType]:
    """Every module on the shelf `package`, by kind (`_` in a file's name reads `-`).

    A file that fails to import raises: a kind must never vanish silently.
    """
    shelf = importlib.import_module(package)
    return {
        found.name.replace("_", "-"): importlib.import_module(f"{package}.{found.name}")
        for found in sorted(pkgutil.iter_modules(shelf.__path__), key=lambda each: each.name)
        if not found.name.startswith("_")
    }
