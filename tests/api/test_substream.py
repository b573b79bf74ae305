"""A camera with two streams: what its worker is told."""

from __future__ import annotations

from pathlib import Path

from config.secrets import SecretBox
from hub.serve.county import read_county
from tests.servers.house import SECRET, default_settings, open_house


def test_a_substream_is_analysed_and_the_main_stream_kept(tmp_path: Path, template: Path) -> None:
    """Both addresses carry the camera's password; without a substream there is no second stream."""
    with open_house(tmp_path, default_settings(tmp_path), template) as house:
        admin = house.client("admin")
        before = admin.get("/devices/cam-1").json()
        body = {
            "kind": "camera",
            "site": before["site"],
            "url": "rtsp://h:9/main",
            "substream": "rtsp://h:9/sub",
            "user": "hub",
            "password": "p:w",
        }
        assert admin.put("/devices/cam-1", json=body).status_code == 200
        with house.ledger.read() as conn:
            cameras = read_county(conn, SecretBox(SECRET), timezone="Asia/Shanghai").cameras
        told = cameras["cam-1"]
        assert (told["url"], told["main"]) == ("rtsp://hub:p%3Aw@h:9/sub", "rtsp://hub:p%3Aw@h:9/main")
        assert cameras["cam-2"]["main"] is None
