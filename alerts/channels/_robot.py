"""What the robots of chat groups share: a JSON answer whose `errcode` says how it went, inside HTTP 200."""

from __future__ import annotations

import json
from collections.abc import Mapping

from alerts.channel import Answer, NoAnswer, Outcome, Transport
from alerts.channels.webhook import judge as judge_http

HEADERS = {"content-type": "application/json; charset=utf-8", "user-agent": "xianshao"}

LONGEST = 2048
"""Bytes of a text: WeCom's limit; longer is of no use in a chat."""


def plain(lines: list[str]) -> str:
    """The lines as one text in which nothing has a meaning of its own: `<@all>` would call a whole group."""
    return "\n".join(lines).replace("<", "＜").replace(">", "＞")


def post(transport: Transport, url: str, body: Mapping[str, object], codes: Mapping[int, Outcome]) -> Outcome:
    """One attempt; `codes` says what an errcode means, one that is not there refuses for good."""
    try:
        answer = transport.post(url, json.dumps(body, ensure_ascii=False).encode(), HEADERS)
    except NoAnswer as none:
        return Outcome(ok=False, retry=True, reason=none.reason)
    return judge(answer, codes)


def judge(answer: Answer, codes: Mapping[int, Outcome]) -> Outcome:
    """What a robot's answer means."""
    if answer.status != 200:
        said = judge_http(answer)
        # 201 or 204 is no answer that a robot gives: something else stands between
        return Outcome(ok=False, retry=True, reason="malformed", code=answer.status) if said.ok else said
    try:
        found = json.loads(answer.body)
        code = found["errcode"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return Outcome(ok=False, retry=True, reason="malformed", code=answer.status)
    if isinstance(code, bool) or not isinstance(code, int):
        return Outcome(ok=False, retry=True, reason="malformed", code=answer.status)
    if code == 0:
        return Outcome(ok=True, retry=False, reason="sent", code=0)
    return codes.get(code, Outcome(ok=False, retry=False, reason="rejected", code=code))
