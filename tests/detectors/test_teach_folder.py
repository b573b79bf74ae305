"""Examples as files: folders, indices and lists, and every way in which they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.teach.folder import read_folders, read_list
from detectors.teach.region import Region, parse_region
from ingest.errors import InvalidInput


def paint(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((20, 40, 3), value, np.uint8)
    assert cv2.imwrite(str(path), picture)


def test_names_give_times(tmp_path: Path) -> None:
    """Two folders; what is no picture is not looked at; the same bytes count once."""
    paint(tmp_path / "yes" / "cam_10s.png", 200)
    paint(tmp_path / "yes" / "cam_9s.png", 201)
    paint(tmp_path / "yes" / "cam_11s.png", 201)
    (tmp_path / "yes" / "notes.txt").write_text("no picture")
    paint(tmp_path / "no" / "a.png", 10)
    found = read_folders(tmp_path / "yes", tmp_path / "no", Region())
    assert [(each.name, each.holds, each.clip, each.second) for each in found.examples] == [
        ("yes/cam_9s.png", True, "cam", 9.0),
        ("yes/cam_10s.png", True, "cam", 10.0),
        ("no/a.png", False, "", None),
    ]
    assert found.doubled == 1


def test_an_index_gives_more(tmp_path: Path) -> None:
    """Time, camera and clip from index.csv; only what it names is read; a region is cut out."""
    paint(tmp_path / "yes" / "a.png", 200)
    paint(tmp_path / "yes" / "b.png", 201)
    paint(tmp_path / "no" / "c_3s.png", 10)
    index = "file,time,camera,clip\na.png,2026-11-22T08:00:00+08:00,kitchen-1,\n"
    (tmp_path / "yes" / "index.csv").write_text(index)
    found = read_folders(tmp_path / "yes", tmp_path / "no", parse_region("0,0,0.5,1")).examples
    assert [(each.camera, each.clip, each.second) for each in found] == [
        ("kitchen-1", "kitchen-1", 1795305600.0),
        ("", "c", 3.0),
    ]
    assert found[0].picture.shape == (20, 20, 3)


def test_a_list_in_json(tmp_path: Path) -> None:
    """Files are relative to the list."""
    paint(tmp_path / "a.png", 200)
    paint(tmp_path / "b.png", 10)
    entries = [{"file": "a.png", "holds": True, "time": 3}, {"file": "b.png", "holds": False, "clip": "x"}]
    (tmp_path / "list.json").write_text(json.dumps(entries))
    found = read_list(tmp_path / "list.json", Region()).examples
    assert [(each.holds, each.clip, each.second) for each in found] == [(True, "", 3.0), (False, "x", None)]


def test_one_picture_is_not_both(tmp_path: Path) -> None:
    """The same bytes with both answers are a mistake that is named."""
    paint(tmp_path / "yes" / "a.png", 9)
    paint(tmp_path / "no" / "b.png", 9)
    with pytest.raises(InvalidInput, match="other answer") as wrong:
        read_folders(tmp_path / "yes", tmp_path / "no", Region())
    assert "b.png" in str(wrong.value)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ("name,time\n", "1"),
        ("file,time\nb.png,yesterday\n", "2: 'yesterday' is no time"),
        ("file,time\nb.png,nan\n", "2: 'nan' is no time"),
        ("file,time\n,3\n", "2: names no file"),
        ("file\ngone.png\n", "gone.png: cannot be read"),
        ("file\nindex.csv\n", "not a picture"),
    ],
)
def test_a_wrong_index_is_named(tmp_path: Path, index: str, said: str) -> None:
    """File and line, and the mend."""
    paint(tmp_path / "yes" / "b.png", 9)
    paint(tmp_path / "no" / "c.png", 10)
    (tmp_path / "yes" / "index.csv").write_text(index)
    with pytest.raises(InvalidInput) as wrong:
        read_folders(tmp_path / "yes", tmp_path / "no", Region())
    assert said in str(wrong.value)
    assert wrong.value.mend


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '[{"file": "a.png"}]', '[{"file": "a.png", "holds": 1}]', '[{"holds": true, "x": 1}]'],
)
def test_a_wrong_list_is_named(tmp_path: Path, text: str) -> None:
    """Not JSON, no list, no answer, a key that there is not."""
    paint(tmp_path / "a.png", 9)
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(InvalidInput) as wrong:
        read_list(tmp_path / "list.json", Region())
    assert "list.json" in str(wrong.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Its name is said."""
    with pytest.raises(InvalidInput, match="no such folder"):
        read_folders(tmp_path / "yes", tmp_path / "no", Region())
