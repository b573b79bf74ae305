"""Heap: how the C library keeps memory in a process with a thread for every camera.

glibc gives threads arenas of their own and keeps in each what a decoder of that thread once used: each session that
is opened and each gate that closes leaves some 8 MB behind that nobody uses. Two arenas, whose free pages are given
back now and then, hold what is in use and little more.
"""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8
"""Of malloc.h."""
ARENAS = 2
GIVE_BACK_EVERY = 10.0
"""Seconds; it takes some 20 ms with the rings of 64 cameras."""


def few_arenas() -> bool:
    """Set it for this process, before its threads begin; false where the C library knows no such thing (musl)."""
    return bool(_call("mallopt", M_ARENA_MAX, ARENAS))


def give_back() -> bool:
    """Hand the free pages of all arenas to the system; false where there were none, or where it cannot be done."""
    return bool(_call("malloc_trim", 0))


def _call(name: str, *arguments: int) -> int:
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return 0
    function.restype = ctypes.c_int
    function.argtypes = (ctypes.c_size_t,) if name == "malloc_trim" else (ctypes.c_int,) * len(arguments)
    return int(function(*arguments))
