"""Secret file: the key of tokens and stored passwords, made once in the data folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from config.settings import Settings
from ingest.errors import InvalidSetting


def load_secret(settings: Settings) -> str:
    """`HUB_SECRET`, or the one made once in the data folder (file `secret`, mode 0600).

    Raises InvalidSetting when the file cannot be made or read, or was cut: a new one must never replace it
    silently, because stored camera passwords could then not be read any more.
    """
    if settings.secret:
        return settings.secret
    path = settings.data / "secret"
    make_folder(settings)
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        text = path.read_text("utf-8").strip()
    except OSError as wrong:
        what = f"the secret cannot be kept ({wrong.strerror})"
        raise InvalidSetting(what, where=str(path), mend="name another folder with --data") from wrong
    if len(text) < 32:
        raise InvalidSetting(
            "the stored secret is too short or cut",
            where=str(path),
            mend="restore it from a backup: without it stored camera passwords cannot be read",
        )
    return text


def make_folder(settings: Settings) -> None:
    """The data folder, made when it is missing, for its owner only; InvalidSetting when that cannot be."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise InvalidSetting(
            f"the data folder cannot be made ({wrong.strerror})",
            where=str(settings.data),
            mend="name another with --data or HUB_DATA",
        ) from wrong


def _write_once(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all; the first of several writers wins."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as out:
            out.write(text + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink(missing_ok=True)
