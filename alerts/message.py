"""Message: what a channel says about a notice: least data outwards.

Which condition at which site, how severe, when, why it is told, and a link for those who may see more. Never a picture,
a clip, a phone number, an address, the name of the one who is told, or a link that opens anything without a login.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from alerts.notice import Why
from detectors.signal import Severity
from ingest.instant import format_instant
from ingest.text import Text

Language = Literal["zh", "en"]

WORDS: Mapping[Why, Text] = {
    "new-group": Text("新报警", "new"),
    "new-incident": Text("又有新的", "more of it"),
    "worse": Text("情况加重", "worse than before"),
    "repeat": Text("仍未结束", "still open"),
    "resolved": Text("已结束", "over"),
    "acknowledgement-over": Text("确认已到期,仍未结束", "was acknowledged, and is not over"),
    "first-told": Text("请现场先处理", "please mend it on the spot"),
    "not-mended": Text("现场未按时处理", "was not mended in time"),
    "not-acknowledged": Text("无人确认,上报", "nobody acknowledged it"),
    "room-empty": Text("值班室无人在线", "nobody is in the room"),
    "test-alarm": Text("测试,无需处理", "a test, nothing to do"),
}
"""Why was I told, in two words."""

SEVERITIES: Mapping[Severity, Text] = {
    "life": Text("生命安全", "LIFE SAFETY"),
    "critical": Text("危急", "critical"),
    "major": Text("重要", "major"),
    "minor": Text("一般", "minor"),
    "info": Text("提示", "info"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One notice on its way to one channel.

    Attributes:
        id: `<notice id>.<channel id>`: the same at every try, so that a receiver can drop doubles.
        at: When it was decided (UTC).
        why: Why it is told.
        severity: The worst of what it speaks for.
        title: One line: condition, site, state.
        site: Name of the site, or None when it stands at no site.
        open: How many incidents of it are open.
        link: Where those with a login read on, or None.
        zone: Time zone of the place, for texts that people read.
    """

    id: str
    at: datetime
    why: Why
    severity: Severity
    title: Text
    site: Text | None
    open: int
    link: str | None
    zone: tzinfo

    def as_dict(self) -> dict[str, object]:
        """For machines."""
        return {
            "id": self.id,
            "type": "notice",
            "at": format_instant(self.at),
            "why": self.why,
            "severity": self.severity,
            "title": self.title.as_dict(),
            "site": self.site.as_dict() if self.site else None,
            "open": self.open,
            "link": self.link,
        }

    def subject(self, language: Language) -> str:
        """One line for people."""
        severity, why = SEVERITIES[self.severity], WORDS[self.why]
        return f"[{said(severity, language)}] {one_line(said(self.title, language))} ({said(why, language)})"

    def lines(self, language: Language) -> list[str]:
        """The whole text for people, the subject first."""
        names = ("地点", "时间", "未结束") if language == "zh" else ("Site", "Time", "Open")
        found = [f"县哨 {self.subject(language)}"]
        if self.site is not None:
            found.append(f"{names[0]}: {one_line(said(self.site, language))}")
        found.append(f"{names[1]}: {self.at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}")
        if self.open > 1:
            found.append(f"{names[2]}: {self.open}")
        if self.link is not None:
            found.append(self.link)
        return found


def said(text: Text, language: Language) -> str:
    """The text in one language."""
    return text.zh if language == "zh" else text.en


def one_line(text: str) -> str:
    """`text` without line breaks and control characters: nobody smuggles a header or a second message in."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def cut(text: str, most: int) -> str:
    """`text`, cut to `most` bytes of UTF-8 at a whole character."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"
