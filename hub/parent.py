"""Parent: a process that the hub starts ends with the hub, also when the hub is killed.

The parent keeps the write end of a pipe as the child's standard input and never writes. The kernel closes
it when the parent dies, by whatever cause, and the child reads the end of file.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Sequence


def on_parent_gone(act: Callable[[], object]) -> None:
    """Call `act` once, in a thread of its own, when standard input ends.

    To be called only by a process whose parent holds the pipe (`--with-parent`); from a terminal, standard
    input does not end.
    """

    def wait() -> None:
        # os.read, not sys.stdin: a daemon thread inside a buffered read breaks the interpreter's end
        while os.read(0, 4096):
            pass
        act()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def end_with_parent(command: Sequence[str]) -> list[str]:
    """`command`, wrapped so that Linux kills it when the thread that started it ends.

    For programs that know nothing of the pipe (mosquitto). Without util-linux's setpriv the command is
    returned as it is, and only an orderly stop ends it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    return [setpriv, "--pdeathsig", signal.Signals.SIGKILL.name.removeprefix("SIG"), "--", *command]
