"""Recorder: the address of a past time at a recorder, from the template in the registry.

    rtsp://nvr/Streaming/tracks/101?starttime={start}&endtime={end}
    rtsp://nvr/cam/playback?channel=1&starttime={start_local:%Y_%m_%d_%H_%M_%S}&endtime={end_local:%Y_%m_%d_%H_%M_%S}

`{start}` and `{end}` are in UTC, `{start_local}` and `{end_local}` in the time zone of the camera's area; after a
colon stands how they are written, in the letters %Y %m %d %H %M %S.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from ingest.video.address import is_camera_url

UTC_FORM = "%Y%m%dT%H%M%SZ"
LOCAL_FORM = "%Y_%m_%d_%H_%M_%S"

_PLACE = re.compile(r"\{(start|end)(_local)?(?::([^{}]*))?\}")
_FORM = re.compile(r"(?:%[YmdHMS]|[-_:.TtZz ])+")


def mistake(template: str) -> str | None:
    """What is wrong with a template, None when nothing is."""
    rest = _PLACE.sub("", template)
    if "{" in rest or "}" in rest:
        return "only {start}, {end}, {start_local} and {end_local} may stand in braces"
    places = _PLACE.findall(template)
    if not any(name == "start" for name, _, _ in places):
        return "it does not say from when: write {start} or {start_local} where the recorder expects it"
    for _, _, form in places:
        if form and not _FORM.fullmatch(form):
            return f"{form!r} is no form of a time: use %Y %m %d %H %M %S and - _ : . T Z between them"
    if not is_camera_url(_PLACE.sub("0", template)):
        return "it is not a recorder's address; write rtsp://host:554/path?starttime={start}&endtime={end}"
    return None


def address(template: str, start: datetime, end: datetime, zone: tzinfo) -> str:
    """The template with its times filled in; the template has no mistake."""

    def written(found: re.Match[str]) -> str:
        name, local, form = found.groups()
        moment = (start if name == "start" else end).astimezone(zone if local else UTC)
        return moment.strftime(form or (LOCAL_FORM if local else UTC_FORM))

    return _PLACE.sub(written, template)
