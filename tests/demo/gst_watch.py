"""Watches an RTSP stream with GStreamer and prints how many pictures came; runs under Debian's own python3.

/usr/bin/python3 gst_watch.py rtsp://… tcp|udp h264|h265 SECONDS
"""

from __future__ import annotations

import json
import sys

import gi  # type: ignore[import-not-found] # lives in Debian's python3 only

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # type: ignore[import-not-found] # noqa: E402 - the version must be chosen first

url, protocol, codec, seconds = sys.argv[1:5]
Gst.init(None)
pipeline = Gst.parse_launch(
    f"rtspsrc location={url} protocols={protocol} latency=100 ! rtp{codec}depay ! {codec}parse"
    " ! fakesink name=sink signal-handoffs=true sync=false"
)
times: list[int] = []
pipeline.get_by_name("sink").connect("handoff", lambda _sink, buffer, _pad: times.append(buffer.pts))
pipeline.set_state(Gst.State.PLAYING)
kinds = Gst.MessageType.ERROR | Gst.MessageType.EOS
message = pipeline.get_bus().timed_pop_filtered(int(float(seconds) * Gst.SECOND), kinds)
wrong = str(message.parse_error()) if message is not None else ""
back = sum(later <= earlier for earlier, later in zip(times, times[1:]))  # noqa: B905, RUF007 - any python3
pipeline.set_state(Gst.State.NULL)
print(json.dumps({"pictures": len(times), "back": back, "wrong": wrong}))
