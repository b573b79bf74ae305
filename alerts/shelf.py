"""Shelf of channels: every file in alerts/channels is one kind; the word after `kind:` is the file's name.

A file exports Params (its ChannelParams with `kind: Literal[...]`) and send(transport, params, message, now). A file
that fails to import, or lacks one of them, stops start-up: a kind must never vanish silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import ModuleType
from typing import get_args

from alerts.channel import ChannelParams, Outcome, Transport
from alerts.message import Message
from ingest import shelf

FOLDER = "alerts.channels"


def check(kind: str, module: ModuleType) -> None:
    """Raises ImportError for a file that is not a channel of this kind."""
    params = getattr(module, "Params", None)
    if not (isinstance(params, type) and issubclass(params, ChannelParams)):
        raise ImportError(  # noqa: TRY004 - the file is wrong, not a caller's argument
            f"{module.__name__} exports no `Params` based on ChannelParams"
        )
    if get_args(params.model_fields["kind"].annotation) != (kind,):
        raise ImportError(f'{module.__name__}: Params needs `kind: Literal["{kind}"]`, the name of its file')
    if missing := sorted(params.SECRETS - set(params.model_fields)):
        raise ImportError(f"{module.__name__}: SECRETS names {missing[0]}, and there is no such key")
    if not callable(getattr(module, "send", None)):
        raise ImportError(f"{module.__name__} exports no `send`")  # noqa: TRY004 - as above


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, ModuleType]:
    """Every kind of channel with its file."""
    found = shelf.modules(FOLDER)
    for kind, module in found.items():
        check(kind, module)
    return found


def send(transport: Transport, params: ChannelParams, message: Message, now: datetime) -> Outcome:
    """One attempt on a channel of any kind."""
    outcome: Outcome = kinds()[params.kind].send(transport, params, message, now)
    return outcome
