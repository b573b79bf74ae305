"""smtp: the notice as a mail in plain text. `Message-ID` is the same at every try.

Replies (RFC 5321 4.2.1): 4yz is for now, 5yz for good. A server that took the mail for some of its addresses is not
tried again: they would get it twice.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alerts.channel import ChannelParams, NoAnswer, Outcome, Security, Transport
from alerts.message import Message

PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


def _mailbox(text: str) -> str:
    if not _MAILBOX.fullmatch(text) or len(text) > 254:
        raise ValueError(f"{text!r} is no mail address; write name@host")
    return text


Mailbox = Annotated[str, AfterValidator(_mailbox)]


def _some(to: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(to) <= 50:
        raise ValueError(f"{len(to)} mail addresses; name 1 to 50")
    return to


class Params(ChannelParams):
    """A mail server, and whom to write to."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"password"})

    kind: Literal["smtp"]
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Security = "starttls"
    user: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    sender: Mailbox
    to: Annotated[tuple[Mailbox, ...], AfterValidator(_some)]

    @model_validator(mode="after")
    def _login(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together; give both or none")
        if self.security == "none" and self.password is not None:
            raise ValueError("the password would travel in plain; write security: tls or starttls")
        return self

    def place(self) -> tuple[object, ...]:
        """Server, user and how it is encrypted."""
        return (self.host, self.port, self.security, self.user)


def send(transport: Transport, params: Params, message: Message, now: datetime) -> Outcome:  # noqa: ARG001 - one signature for the shelf
    """One attempt."""
    try:
        with transport.smtp(params.host, params.port or PORTS[params.security], params.security) as server:
            if params.user is not None and params.password is not None:
                server.login(params.user, params.password)
            return partly(server.send_message(mail(params, message)))
    except NoAnswer as none:
        return Outcome(ok=False, retry=True, reason=none.reason)
    except smtplib.SMTPAuthenticationError as wrong:
        return Outcome(ok=False, retry=wrong.smtp_code < 500, reason="login", code=wrong.smtp_code)
    except smtplib.SMTPRecipientsRefused as wrong:
        return refused(code for code, _ in wrong.recipients.values())
    except smtplib.SMTPServerDisconnected as wrong:
        silent = isinstance(wrong.__context__, TimeoutError)
        return Outcome(ok=False, retry=True, reason="timeout" if silent else "cut")
    except smtplib.SMTPResponseException as wrong:
        return refused([wrong.smtp_code])
    except smtplib.SMTPNotSupportedError:  # no login offered: perhaps not here, perhaps not now
        return Outcome(ok=False, retry=True, reason="login")
    except TimeoutError:
        return Outcome(ok=False, retry=True, reason="timeout")
    except OSError:
        return Outcome(ok=False, retry=True, reason="cut")


def mail(params: Params, message: Message) -> EmailMessage:
    """The mail; the same at every try."""
    made = EmailMessage()
    made["From"] = params.sender
    made["To"] = ", ".join(params.to)
    made["Subject"] = message.subject(params.language)
    made["Date"] = format_datetime(message.at)
    made["Message-ID"] = f"<{message.id}@{params.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
    made.set_content("\n".join(message.lines(params.language)) + "\n")
    return made


def refused(codes: Iterable[int]) -> Outcome:
    """Nobody got it: a retry helps when one of the replies was for now only."""
    found = list(codes)
    soft = [code for code in found if 400 <= code < 500]
    if soft:
        return Outcome(ok=False, retry=True, reason="busy", code=soft[0])
    return Outcome(ok=False, retry=False, reason="rejected", code=found[0] if found else None)


def partly(not_taken: dict[str, tuple[int, bytes]]) -> Outcome:
    """The server took it, perhaps not for everybody."""
    codes = [code for code, _ in not_taken.values()]
    if codes:
        return Outcome(ok=True, retry=False, reason="partly", code=codes[0])
    return Outcome(ok=True, retry=False, reason="sent", code=250)
