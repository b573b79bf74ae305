"""Everything that can go wrong, named by cause.

    HubError                      base: `message`, `where` (file:line, topic, device …), `mend` (what to do)
    ├── InvalidInput              somebody sent something wrong (HTTP 422)
    │   ├── MalformedPayload      a message that its convention does not allow (kept, counted by `reason`)
    │   ├── InvalidRegistry       a registry file with mistakes; carries all of them (`mistakes`)
    │   ├── InvalidSetting        a flag, variable or hub.toml entry that cannot be used
    │   ├── InvalidModel          a model file or manifest that cannot be used
    │   └── UnknownAction         a (status, action) pair that the workflow's table lacks
    ├── NotAuthenticated          no, wrong or expired token (HTTP 401)
    ├── NotPermitted              visible, but this role may not (HTTP 403)
    ├── NotFound                  not there, or not visible to this reader (HTTP 404)
    │   └── EvidenceNone          the incident has no such evidence (HTTP 404)
    ├── Conflict                  true when it was said, no longer true (HTTP 409)
    │   ├── VersionStale          `expect_version` is not the present version
    │   ├── MasteredElsewhere     the command platform decides this case; the action is done there
    │   ├── NoRecorder            nothing records this camera: it has no `playback` address
    │   ├── EvidencePending       the evidence is still being written; retry after `retry_after` seconds
    │   └── DataInUse             another hub holds this data folder
    ├── TooOld                    asked for events older than kept; carries `oldest` (HTTP 410)
    ├── TooLarge                  more bytes than accepted (HTTP 413)
    ├── TooSlow                   a viewer does not take what it asked for (HTTP 408, websocket 4008)
    ├── TooMany                   asked too often; again after `retry_after` seconds (HTTP 429)
    └── Unavailable               a part is away for now (HTTP 503)
        ├── CameraUnreachable     refused, timed out, not RTSP, wrong password (`reason` is the metric label)
        ├── StreamEnded           the camera's stream stopped or turned to garbage
        ├── BrokerAway            no connection to the MQTT broker
        ├── LedgerAway            the database does not take commits
        ├── NoRoom                the disk has no room for evidence
        └── WorkerAway            a worker does not answer

`api/errors.py` is the one place that maps this tree to HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class HubError(Exception):
    """Base of all errors of the hub.

    Attributes:
        message: What is wrong, one sentence without a full stop.
        where: Where it is wrong (`file:line`, topic, device id, path of a field), or None.
        mend: What the reader can do about it, or None.
    """

    slug: ClassVar[str] = "error"

    def __init__(self, message: str, *, where: str | None = None, mend: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        """One line: `where: message; mend`."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.mend}" if self.mend else text


class InvalidInput(HubError):
    """Somebody sent something wrong."""

    slug = "invalid-input"


class MalformedPayload(InvalidInput):
    """A message that its convention does not allow; `reason` is a short slug and the metric's label."""

    slug = "malformed-payload"

    def __init__(
        self, message: str, *, reason: str, where: str | None = None, mend: str | None = None
    ) -> None:
        super().__init__(message, where=where, mend=mend)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file: `file:line: path: what; mend`."""

    file: str
    line: int
    path: str
    what: str
    mend: str

    def __str__(self) -> str:
        """The line that `hub apply` prints."""
        return f"{self.file}:{self.line}: {self.path}: {self.what}; {self.mend}"


class InvalidRegistry(InvalidInput):
    """A registry file with mistakes; nothing of it was applied."""

    slug = "invalid-registry"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        many = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{many} in the registry, nothing was applied")
        self.mistakes = mistakes


class InvalidSetting(InvalidInput):
    """A flag, environment variable or hub.toml entry that cannot be used."""

    slug = "invalid-setting"


class InvalidModel(InvalidInput):
    """A model file or manifest that cannot be used."""

    slug = "invalid-model"


class UnknownAction(InvalidInput):
    """A (status, action) pair that the workflow's table lacks; the message names both."""

    slug = "unknown-action"


class NotAuthenticated(HubError):
    """No, wrong or expired token."""

    slug = "not-authenticated"


class NotPermitted(HubError):
    """Visible to this reader, but the role may not do it."""

    slug = "not-permitted"


class NotFound(HubError):
    """Not there, or not visible to this reader: the two look the same."""

    slug = "not-found"


class EvidenceNone(NotFound):
    """The incident has no such evidence."""

    slug = "evidence-none"


class Conflict(HubError):
    """True when it was said, no longer true."""

    slug = "conflict"


class VersionStale(Conflict):
    """`expect_version` is not the present version."""

    slug = "version-stale"


class MasteredElsewhere(Conflict):
    """The command platform decides this case; the action is done there."""

    slug = "mastered-elsewhere"


class NoRecorder(Conflict):
    """Nothing records this camera: it has no `playback` address."""

    slug = "no-recorder"


class EvidencePending(Conflict):
    """The evidence is still being written; ask again after `retry_after` seconds."""

    slug = "evidence-pending"

    def __init__(self, message: str, *, retry_after: int, where: str | None = None) -> None:
        super().__init__(message, where=where, mend=f"ask again in {retry_after} s")
        self.retry_after = retry_after


class DataInUse(Conflict):
    """Another hub holds this data folder."""

    slug = "data-in-use"


class TooOld(HubError):
    """Asked for events older than kept; `oldest` is the oldest seq that is kept."""

    slug = "too-old"

    def __init__(self, message: str, *, oldest: int) -> None:
        super().__init__(message, mend=f"start from {oldest}")
        self.oldest = oldest


class TooLarge(HubError):
    """More bytes than accepted."""

    slug = "too-large"


class TooSlow(HubError):
    """A viewer does not take what it asked for."""

    slug = "too-slow"


class TooMany(HubError):
    """Asked too often; ask again after `retry_after` seconds."""

    slug = "too-many"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, mend=f"wait {retry_after} s")
        self.retry_after = retry_after


class Unavailable(HubError):
    """A part is away for now; `reason` is a short slug and the metric's label."""

    slug = "unavailable"

    def __init__(
        self, message: str, *, reason: str = "unavailable", where: str | None = None, mend: str | None = None
    ) -> None:
        super().__init__(message, where=where, mend=mend)
        self.reason = reason


class CameraUnreachable(Unavailable):
    """Refused, timed out, not RTSP, or wrong password."""

    slug = "camera-unreachable"


class StreamEnded(Unavailable):
    """The camera's stream stopped or turned to garbage."""

    slug = "stream-ended"


class BrokerAway(Unavailable):
    """No connection to the MQTT broker."""

    slug = "broker-away"


class LedgerAway(Unavailable):
    """The database does not take commits."""

    slug = "ledger-away"


class NoRoom(Unavailable):
    """The disk has no room for evidence."""

    slug = "no-room"


class WorkerAway(Unavailable):
    """A worker does not answer."""

    slug = "worker-away"
