"""dingtalk: the custom robot of a DingTalk (钉钉) group.

Source: 钉钉开放平台, 自定义机器人发送群消息 and 自定义机器人安全设置 (open.dingtalk.com/document/orgapp/
custom-robots-send-group-messages, …/customize-robot-security-settings), read in copies, some error numbers
from memory (check): POST of `{"msgtype": "text", "text": {"content"}}` to `…/robot/send?access_token=…`; at
most 20 messages a minute for each robot, above that it is shut for 10 minutes; the answer is `{"errcode",
"errmsg"}`. With 加签 the address gets `&timestamp=` (milliseconds, at most an hour off) and `&sign=`
(HMAC-SHA256 of timestamp, line feed and secret, with the secret as key; base64, url-encoded). With
自定义关键词 the keyword must be in the text: every text begins with 县哨.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import AfterValidator, Field

from alerts.channel import ChannelParams, HttpUrl, Outcome, Transport
from alerts.channels._robot import LONGEST, plain, post
from alerts.message import Message, cut
from ingest.masked import MASK

SHUT = 600
"""Seconds that a robot is shut after too many messages."""

CODES = {
    -1: Outcome(ok=False, retry=True, reason="server-error", code=-1),  # 系统繁忙
    130101: Outcome(ok=False, retry=True, reason="busy", code=130101, retry_after=SHUT),  # send too fast
    410100: Outcome(ok=False, retry=True, reason="busy", code=410100, retry_after=SHUT),  # 发送速度太快而限流
}
"""What is worth another try. All others refuse for good, 310000 (keyword, signature or address is not allowed) among
them: a person has to mend the channel."""


def _token(url: str) -> str:
    if url != MASK and not parse_qs(urlsplit(url).query).get("access_token"):
        raise ValueError("not a robot's address; copy it whole from the group, it ends with ?access_token=…")
    return url


class Params(ChannelParams):
    """A robot: its address, which is its key, and the secret of 加签 when the robot asks for it."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"url", "secret"})
    PER_MINUTE: ClassVar[int | None] = 20

    kind: Literal["dingtalk"]
    url: Annotated[HttpUrl, AfterValidator(_token)]
    secret: Annotated[str, Field(min_length=1, max_length=500)] | None = None


def send(transport: Transport, params: Params, message: Message, now: datetime) -> Outcome:
    """One attempt."""
    content = cut(plain(message.lines(params.language)), LONGEST)
    body = {"msgtype": "text", "text": {"content": content}}
    return post(transport, signed(params.url, params.secret, now), body, CODES)


def signed(url: str, secret: str | None, now: datetime) -> str:
    """The address of one attempt."""
    if secret is None:
        return url
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{url}&{urlencode({'timestamp': stamp, 'sign': base64.b64encode(digest).decode()})}"
