"""Fields: the kinds of values that registry entries are made of; every refusal says what and how to mend it.

A ValueError of a validator reads `what; mend` (split at the first `; `).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from alerts.limit import Limit, parse_limit
from alerts.roster import Days
from alerts.working_time import Span
from config.secrets import MASK
from config.urls import without_password
from ingest.errors import InvalidInput
from ingest.mqtt.topics import check_filter
from ingest.text import Text
from ingest.video.address import is_camera_url
from ingest.video.recorder import mistake

ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"

Id = Annotated[str, Field(pattern=ID_PATTERN)]
"""`school-1`: lower case letters, digits and hyphens, 1 to 63 characters."""

LoginName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,62}$")]
"""What a person logs in with."""

ShortText = Annotated[str, Field(min_length=1, max_length=500)]

FORBIDDEN_ROOMS = (
    "dormitory", "dorm", "bedroom", "toilet", "restroom", "lavatory", "washroom", "wc",
    "changing-room", "dressing-room", "locker-room", "bathroom", "shower", "shower-room",
    "宿舍", "寝室", "厕所", "卫生间", "洗手间", "更衣室", "浴室", "淋浴", "试衣间",
)  # fmt: skip
"""Rooms where no camera may ever look (State Council order 799)."""


def forbidden_room(word: str) -> str | None:
    """The forbidden kind of room that a kind or zone name says (`boys-toilet`, `宿舍2`), or None."""
    plain = f"-{re.sub(r'[^0-9a-z一-鿿]+', '-', word.lower())}-"
    for room in FORBIDDEN_ROOMS:
        if room.isascii():
            if re.search(rf"-{room}(?:s|es)?\d*-", plain.replace("dormitories", "dormitory")):
                return room
        elif room in plain:
            return room
    return None


def forbidden(word: str) -> str:
    """`what; mend` for a forbidden kind of room."""
    return (
        f"{word!r} is a kind of room where the law forbids cameras; "
        "remove it: dormitories, toilets, changing rooms and bathrooms are never watched"
    )


def _allowed_room(word: str) -> str:
    if forbidden_room(word):
        raise ValueError(forbidden(word))
    return word


AllowedWord = BeforeValidator(lambda value: _allowed_room(value) if isinstance(value, str) else value)
"""Before a list of known kinds, so that a forbidden one is refused with its reason."""

RoomKind = Annotated[str, Field(min_length=1, max_length=63), AfterValidator(_allowed_room)]
"""What a room of a site is; the forbidden kinds are refused."""

ZoneName = Annotated[Id, AfterValidator(_allowed_room)]


def name_of(value: object) -> Text:
    """The name that a text or `{zh, en}` means; ValueError for anything else."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str) and value.strip():
        return Text(value.strip(), value.strip())
    if isinstance(value, dict):
        zh, en = value.get("zh"), value.get("en")
        unknown = sorted(str(key) for key in value if key not in ("zh", "en"))
        if not unknown and all(each is None or isinstance(each, str) for each in (zh, en)) and (zh or en):
            return Text(str(zh or en), str(en or zh))
        if unknown:
            raise ValueError(f"unknown language {unknown[0]}; write {{zh: …, en: …}}")
    raise ValueError("not a name; write a text or {zh: …, en: …}, in quotes when it looks like a number")


def plain_name(name: Text) -> object:
    """As it is written: a text when both languages are alike."""
    return name.zh if name.zh == name.en else name.as_dict()


Name = Annotated[Text, BeforeValidator(name_of), PlainSerializer(plain_name)]
"""A text, or `{zh, en}`; a missing language repeats the other."""


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as wrong:
        raise ValueError(f"{value!r} is not a time zone; write a name such as Asia/Shanghai") from wrong
    return value


TimeZone = Annotated[str, AfterValidator(_timezone)]


def _camera_url(value: str) -> str:
    if "{rtsp}" in value or "{mqtt}" in value:
        raise ValueError("{rtsp} and {mqtt} stand for what `hub demo` starts; write the camera's own address")
    if value != MASK and not is_camera_url(value):
        raise ValueError(f"{without_password(value)!r} is not a camera address; write rtsp://host:554/path")
    return value


CameraUrl = Annotated[str, AfterValidator(_camera_url)]


def _onvif_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError("write http://host/onvif/device_service; user and password stand beside it")
    return value


OnvifUrl = Annotated[str, Field(max_length=500), AfterValidator(_onvif_url)]
"""Where a camera's ONVIF device service answers."""


def _recorder_url(value: str) -> str:
    wrong = None if value == MASK else mistake(value)
    if wrong is not None:
        raise ValueError(wrong)
    return value


RecorderUrl = Annotated[str, Field(max_length=1000), AfterValidator(_recorder_url)]
"""A recorder's address with `{start}` and `{end}` in it (ingest/video/recorder.py)."""


def _topic(value: str) -> str:
    try:
        return check_filter(value)
    except InvalidInput as wrong:
        raise ValueError(f"{wrong.message}; {wrong.mend}") from wrong


Topic = Annotated[str, AfterValidator(_topic)]
"""An MQTT topic; `+` and `#` as MQTT allows them."""


CaseLimit = Annotated[Limit, BeforeValidator(parse_limit), PlainSerializer(str, return_type=str)]
"""`30m`, `4h`, `4wh` (working hours) or `2wd` (working days)."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekly(value: str) -> str:
    weekdays(value)
    return value


def weekdays(value: str) -> frozenset[int]:
    """The days of `mon-fri` or `mon,wed,fri`, Monday is 0; ValueError says what is wrong."""
    found: set[int] = set()
    for part in value.split(","):
        first, hyphen, last = (each.strip() for each in part.partition("-"))
        if first not in WEEKDAYS or (hyphen and last not in WEEKDAYS):
            raise ValueError(f"{value!r} are no days of the week; write mon-fri, mon-sat or mon,wed,fri")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        if end < start:
            raise ValueError(f"{part.strip()!r} runs backwards; a week begins with mon and ends with sun")
        found.update(range(start, end + 1))
    return frozenset(found)


Weekly = Annotated[str, AfterValidator(_weekly)]

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def _hours(value: str) -> str:
    opening(value)
    return value


def opening(value: str) -> Span:
    """From and to of `08:30-12:00`, since midnight; ValueError says what is wrong."""
    found = _HOURS.fullmatch(value.strip())
    if found is None or int(found[2]) > 59 or int(found[4]) > 59:
        raise ValueError(f'{value!r} are no opening hours; write "08:30-12:00", in quotes')
    start = timedelta(hours=int(found[1]), minutes=int(found[2]))
    end = timedelta(hours=int(found[3]), minutes=int(found[4]))
    if not start < end <= timedelta(days=1):
        raise ValueError(
            f"{value!r} end before they begin, or after 24:00; write them as two lines, one a day"
        )
    return start, end


Hours = Annotated[str, AfterValidator(_hours)]

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


def _clock_time(value: str) -> str:
    since_midnight(value)
    return value


def since_midnight(value: str) -> timedelta:
    """`18:00` as time since midnight; ValueError says what is wrong."""
    found = _CLOCK.fullmatch(value.strip())
    at = timedelta(hours=int(found[1]), minutes=int(found[2])) if found else None
    if found is None or at is None or int(found[2]) > 59 or at > timedelta(days=1):
        raise ValueError(f'{value!r} is no time of the day; write "18:00", in quotes')
    return at


ClockTime = Annotated[str, AfterValidator(_clock_time)]
"""`18:00`; 24:00 is the end of the day."""


def _duty_days(value: str) -> str:
    duty_days(value)
    return value


def duty_days(value: str) -> Days:
    """The days on which a shift begins; ValueError says what is wrong."""
    if value == "daily":
        return frozenset(range(7))
    if value == "working":
        return "working"
    if value == "off":
        return "off"
    try:
        return weekdays(value)
    except ValueError as wrong:
        raise ValueError(
            f"{value!r} are no days of duty; write daily, working, off, mon-fri, sat-sun or mon,wed,fri"
        ) from wrong


DutyDays = Annotated[str, AfterValidator(_duty_days)]
