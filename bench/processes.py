"""Processes: a program and everything it started, seen and ended from outside."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def tree(pid: int) -> list[int]:
    """The process and everything it started, children first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []

    def walk(each: int) -> None:
        for child in children.get(each, []):
            walk(child)
        found.append(each)

    walk(pid)
    return found


def command_line(pid: int) -> str:
    """What the process was started as."""
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def kill(pids: list[int]) -> None:
    """Kill -9 of all of them."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """A TCP port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stolen_seconds() -> float:
    """Processor time that the machine's processors wanted and did not get so far: others on the same host had it."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK") if len(fields) > 8 else 0.0


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time used so far by these processes and everything below them, the dead they waited for included."""
    ticks = 0
    for pid in {each for root in pids for each in tree(root)}:
        with suppress(OSError, IndexError):
            after_name = (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(each) for each in after_name[11:15])  # utime, stime, cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")
