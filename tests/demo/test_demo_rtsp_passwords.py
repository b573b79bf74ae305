"""The demo's RTSP server with a password: each scheme by hand, and who gets in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import av
import pytest

from hub.demo.rtsp_message import Password, Request
from ingest.video.knock import knock
from tests.demo.rtsp_server import Server, ask, watch

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("schemes", [("Digest",), ("Basic",), ("SHA-256",), ("SHA-256", "Digest", "Basic")])
def test_a_password_by_scheme(schemes: tuple[str, ...]) -> None:
    """Only the right password in an offered scheme is taken, and a nonce of somebody else is not."""
    door = Password("viewer", "secret:with/colon", schemes=schemes)

    def opens(authorization: str) -> bool:
        return door.accepts(Request("DESCRIBE", "rtsp://x/a", {"authorization": authorization}))

    basic = "Basic dmlld2VyOnNlY3JldDp3aXRoL2NvbG9u"
    assert opens(basic) == ("Basic" in schemes)
    digest = f'Digest username="viewer", realm="{door.realm}", nonce="{door.nonce}", uri="rtsp://x/a", response="%s"'
    right = door._digest("DESCRIBE", {"uri": "rtsp://x/a"})
    assert opens(digest % right) == ("Digest" in schemes)
    newer = door._digest("DESCRIBE", {"uri": "rtsp://x/a", "algorithm": "SHA-256"})
    assert opens(digest % newer + ", algorithm=SHA-256") == ("SHA-256" in schemes)
    assert not opens(digest % ("0" * 32))
    assert not opens((digest % right).replace(door.nonce, "f" * 32))
    assert not any(map(opens, ("", "Basic", "Basic !!", "Digest", "Bearer x", "Basic " + "A" * 9999)))
    assert "secret" not in repr(door)


def test_passwords(clips: dict[str, Path]) -> None:
    """FFmpeg and GStreamer get in with the password, nobody without; it is never repeated."""
    server = Server({"a": clips["h264"]}, "--user", "viewer", password="s3cret")
    try:
        inside = server.url.replace("rtsp://", "rtsp://viewer:s3cret@") + "a"
        for transport in ("tcp", "udp"):
            assert len(watch(inside, transport, 5)) == 5
        knock(inside, patience=5)  # as the hub asks a camera that was away
        script = str(Path(__file__).with_name("gst_watch.py"))
        done = subprocess.run(
            ["/usr/bin/python3", script, inside, "tcp", "h264", "2"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["pictures"] > 10
        for outside in (server.url + "a", inside.replace("s3cret", "wrong")):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                watch(outside, "tcp", 1)
        with server.connect() as link:
            for cseq, method in enumerate(("DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER")):
                status, said = ask(link, method, server.url + "a", cseq)
                assert status == 401, method
                assert said.count("WWW-Authenticate") == 3
    finally:
        said = server.close()
    assert "s3cret" not in said
