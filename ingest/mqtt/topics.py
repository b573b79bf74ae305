"""Topics: how MQTT filters match topic names. Pure."""

from __future__ import annotations

from ingest.errors import InvalidInput

MAX_LENGTH = 65_535  # bytes of UTF-8, MQTT 5 §1.5.4


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a subscription to `topic_filter` delivers `topic`.

    `+` stands for one level, `#` for the rest; a leading wildcard never matches a topic that begins with
    `$` (MQTT 5 §4.7.2); `$share/<group>/<filter>` matches as `<filter>`.
    """
    wanted = inner(topic_filter).split("/")
    given = topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(given) or level not in {"+", given[index]}:
            return False
    return len(wanted) == len(given)


def inner(topic_filter: str) -> str:
    """The filter without its shared-subscription prefix."""
    if topic_filter.startswith("$share/"):
        return topic_filter.split("/", 2)[2] if topic_filter.count("/") >= 2 else ""
    return topic_filter


def check_filter(topic_filter: str) -> str:
    """`topic_filter` itself; InvalidInput where MQTT does not allow it."""
    body = inner(topic_filter)
    levels = body.split("/")
    wrong = (
        not body
        or "\0" in body
        or len(topic_filter.encode(errors="replace")) > MAX_LENGTH
        or any("#" in level and level != "#" for level in levels)
        or any("+" in level and level != "+" for level in levels)
        or "#" in levels[:-1]
    )
    if wrong:
        raise InvalidInput(
            f"{topic_filter!r} is not a topic filter",
            mend="use + for one whole level and # only as the last level",
        )
    return topic_filter


def check_topic(topic: str) -> str:
    """`topic` itself; InvalidInput where it cannot be published to."""
    if not topic or any(char in topic for char in "+#\0") or len(topic.encode(errors="replace")) > MAX_LENGTH:
        raise InvalidInput(f"{topic!r} is not a topic", mend="a topic has no +, # or NUL and is not empty")
    return topic
