"""wecom: the message robot of a WeCom (企业微信) group.

Source: 企业微信开发者中心, 群机器人配置说明 (developer.work.weixin.qq.com/document/path/91770), read in
copies, some error numbers from memory (check): POST of `{"msgtype": "text", "text": {"content"}}` to
`…/cgi-bin/webhook/send?key=…`, at most 2,048 bytes of UTF-8, at most 20 messages a minute for each robot;
the answer is `{"errcode", "errmsg"}`. Codes: 全局错误码 there (path/90313).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator

from alerts.channel import ChannelParams, HttpUrl, Outcome, Transport
from alerts.channels._robot import LONGEST, plain, post
from alerts.message import Message, cut
from ingest.masked import MASK

CODES = {
    -1: Outcome(ok=False, retry=True, reason="server-error", code=-1),  # 系统繁忙
    45009: Outcome(ok=False, retry=True, reason="busy", code=45009, retry_after=60),  # 接口调用超过限制
    45033: Outcome(ok=False, retry=True, reason="busy", code=45033, retry_after=60),  # 并发调用超过限制
}
"""What is worth another try. All others refuse for good, 93000 (invalid webhook url, the robot was taken out of the
group) among them: a person has to mend the channel."""


def _key(url: str) -> str:
    if url != MASK and not parse_qs(urlsplit(url).query).get("key"):
        raise ValueError("not a robot's address; copy it whole from the group, it ends with ?key=…")
    return url


class Params(ChannelParams):
    """A robot: its address, which is its key."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"url"})
    PER_MINUTE: ClassVar[int | None] = 20

    kind: Literal["wecom"]
    url: Annotated[HttpUrl, AfterValidator(_key)]


def send(transport: Transport, params: Params, message: Message, now: datetime) -> Outcome:  # noqa: ARG001 - one signature for the shelf
    """One attempt."""
    content = cut(plain(message.lines(params.language)), LONGEST)
    return post(transport, params.url, {"msgtype": "text", "text": {"content": content}}, CODES)
