"""GStreamer's RTSP server looping raw Annex-B files: an implementation that is not ours, for interop tests.

Runs with Debian's own python3 (`/usr/bin/python3`), which has `gi`; the project's .venv has not.
Usage: gst_rtsp.py PORT NAME=PATH … [--user NAME --password WORD [--digest]]; PATH ends in .h264 or .h265, or is a
folder that ends in .jpeg.
A folder of one picture per file is sent with rising time stamps; a single file is sent with stamps that
stand still (as some cameras do).
Prints `rtsp://127.0.0.1:PORT/` when it takes clients.
"""

import argparse
import itertools
import sys
from pathlib import Path

import gi  # type: ignore[import-not-found] # lives in Debian's python3 only

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found] # noqa: E402 - after the versions are chosen
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

PICTURE_NS = 40_000_000
"""25 pictures a second."""


def launch(path: Path) -> str:
    """The pipeline that loops raw pictures at 25 pictures a second."""
    codec = path.suffix.removeprefix(".")
    if codec == "jpeg":
        caps = "image/jpeg,framerate=25/1"
        return f"( appsrc name=source format=time caps={caps} ! jpegparse ! rtpjpegpay name=pay0 pt=26 )"
    caps = f"video/x-{codec},framerate=25/1,stream-format=byte-stream"
    if path.is_dir():
        source = f"appsrc name=source format=time caps={caps},alignment=au"
    else:
        source = f"multifilesrc location={path} loop=true caps={caps}"
    return f"( {source} ! {codec}parse ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 )"


def feed(_factory: object, media: GstRtspServer.RTSPMedia, path: Path) -> None:
    """Push the folder's pictures with rising stamps whenever the pipeline asks."""
    pictures = [picture.read_bytes() for picture in sorted(path.iterdir())]
    counter = itertools.count()

    def push(source: Gst.Element, _size: int) -> None:
        n = next(counter)
        buffer = Gst.Buffer.new_wrapped(pictures[n % len(pictures)])
        buffer.pts = buffer.dts = n * PICTURE_NS
        buffer.duration = PICTURE_NS
        source.emit("push-buffer", buffer)

    media.get_element().get_child_by_name("source").connect("need-data", push)


def main() -> int:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("streams", nargs="+")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--digest", action="store_true", help="ask for Digest instead of Basic")
    args = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    if args.user:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if args.digest:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(args.user, args.password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
        server.set_auth(auth)
    for stream in args.streams:
        name, _, path = stream.partition("=")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch(Path(path)))
        factory.set_shared(True)
        if Path(path).is_dir():
            factory.connect("media-configure", feed, Path(path))
        if args.user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{name}", factory)
    if not server.attach(None):
        sys.stderr.write("port taken\n")
        return 2
    sys.stdout.write(f"rtsp://127.0.0.1:{server.get_bound_port()}/\n")
    sys.stdout.flush()
    GLib.MainLoop().run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
