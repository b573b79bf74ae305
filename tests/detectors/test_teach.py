"""Teaching from folder to answer: one ONNX file, versions, other sites, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.detector import Detector, try_model
from detectors.teach import bundle
from detectors.teach.backbone import BLOCKS
from detectors.teach.card import read_card
from detectors.teach.example import Example
from detectors.teach.features import Backbone, fitted
from detectors.teach.network import SIZE
from detectors.teach.region import Picture
from detectors.teach.taught import TaughtCondition
from detectors.teach.train import teach
from detectors.teach.versions import current, rollback, save, versions
from hub.__main__ import main
from ingest.errors import Conflict, HubError, InvalidInput, InvalidModel, NotFound

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
MANY = 12


def bin_picture(number: int, *, uncovered: bool) -> Picture:
    """A drawn bin with or without its lid, in changing light, before a wall with a shelf."""
    chance = np.random.default_rng(number * 2 + uncovered)
    made = np.full((120, 100, 3), 165, np.uint8)
    cv2.rectangle(made, (0, 20), (99, 26), (90, 110, 130), -1)
    left = 28 + int(chance.integers(-2, 3))
    cv2.rectangle(made, (left, 60), (left + 44, 112), (70, 90, 60), -1)
    if uncovered:
        cv2.ellipse(made, (left + 22, 60), (22, 7), 0, 0, 360, (25, 30, 30), -1)
        cv2.circle(made, (left + 15, 57), 6, (60, 150, 200), -1)
    else:
        cv2.ellipse(made, (left + 22, 58), (24, 8), 0, 0, 360, (80, 105, 70), -1)
    noisy = made * np.exp(chance.normal(0, 0.15)) + chance.normal(0, 4, made.shape)
    return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)


@dataclass(frozen=True)
class Taught:
    """What the command made and said, and pictures that it never saw."""

    home: Path
    said: str
    fresh: tuple[Path, ...]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Taught:
    """Two folders through `hub teach train`."""
    folder = tmp_path_factory.mktemp("teach")
    for uncovered, name in ((True, "yes"), (False, "no")):
        (folder / name).mkdir()
        for number in range(MANY):
            path = folder / name / f"cam_{number * 60 + uncovered}s.png"
            cv2.imwrite(str(path), bin_picture(number, uncovered=uncovered))
    fresh = []
    for number in range(900, 910):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), bin_picture(number, uncovered=number % 2 == 0))
        fresh.append(path)
    home = folder / "bins"
    out = io.StringIO()
    with redirect_stdout(out):
        code = main(
            [
                *("teach", "train", "--condition", "bin-uncovered", "--yes", str(folder / "yes")),
                *("--no", str(folder / "no"), "--out", str(home), "--seed", "3", "--by", "wang"),
                *("--models", str(MODELS)),
            ]
        )
    assert code == 0, out.getvalue()
    return Taught(home, out.getvalue(), tuple(fresh))


def scored(text: str) -> dict[str, float]:
    """The lines of `score`."""
    rows = [json.loads(line) for line in text.splitlines()]
    assert all(set(row) == {"file", "p"} for row in rows)
    return {row["file"]: row["p"] for row in rows}


def test_a_fresh_process_gives_the_same_answers(taught: Taught) -> None:
    """`hub teach score` in a process of its own, in batches; right about pictures that were never seen."""
    loaded = TaughtCondition.load(taught.home)
    pictures = [np.asarray(cv2.imread(str(each)), np.uint8) for each in taught.fresh]
    here = loaded.score(pictures)
    command = [sys.executable, "-m", "hub", "teach", "score", str(taught.home), *map(str, taught.fresh)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    there = scored(done.stdout)
    assert list(there) == [str(each) for each in taught.fresh]
    assert np.allclose(list(there.values()), here, atol=2e-6)
    assert ((here >= 0.5) == [number % 2 == 0 for number in range(900, 910)]).all()
    one_by_one = np.concatenate([loaded.score([each]) for each in pictures])
    assert np.allclose(one_by_one, here, atol=1e-5), "the batch does not matter"


def test_the_file_says_what_was_learned(taught: Taught) -> None:
    """The one ONNX file is the arithmetic of training, to the fifth digit."""
    examples = [
        Example(bin_picture(n, uncovered=n % 2 == 0), n % 2 == 0, f"{n}", f"{n}", "", "cam", n * 60.0)
        for n in range(12)
    ]
    backbone = Backbone(MODELS, threads=2)
    found = teach(examples, backbone.features, seed=1)
    features = backbone.features([fitted(each.picture) for each in examples])
    assert {name: block.shape[1] for name, block in features.items()} == dict(BLOCKS)
    logits = found.head.logits(features)
    again = teach(examples, backbone.features, seed=1).head.logits(features)
    assert np.allclose(logits, again, atol=1e-4), "the same examples and seed teach the same"
    card = read_card(current(taught.home))
    assert card.figures.balanced_accuracy >= 0.9


def test_it_is_a_model_as_others(taught: Taught) -> None:
    """`models check` accepts the folder, and the classifier's head reads it."""
    folder = current(taught.home)
    health = try_model(folder)
    assert health.state == "ok", health.reason
    square = cv2.resize(bin_picture(900, uncovered=True), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    picture = np.asarray(square, np.uint8)
    p = float(TaughtCondition.load(folder).score([picture])[0])
    found = Detector.load(folder).detect(picture)
    assert found.labels == ("bin-uncovered",)
    assert [round(float(each), 4) for each in found.certainty] == [round(p, 4)]


def test_the_card_tells_everything(taught: Taught) -> None:
    """Hashes, figures, who, where; no picture of an example is kept, and a newcomer reads the figures."""
    folder = current(taught.home)
    card = read_card(folder)
    assert (card.condition, card.version, card.taught_by, card.seed) == ("bin-uncovered", 1, "wang", 3)
    assert sum(each.holds for each in card.examples) == MANY
    assert len({each.sha256 for each in card.examples}) == 2 * MANY
    assert card.figures.gap == 10.0
    assert card.usual is not None
    assert card.usual.warned == 0
    assert sorted(each.name for each in folder.iterdir()) == [
        "bin-uncovered.onnx",
        "card.json",
        "labels.txt",
        "manifest.yaml",
        "usual.png",
    ]
    for word in ("垃圾桶未盖", "balanced", "ECE", "threshold", "bin-uncovered-v1"):
        assert word in taught.said


def test_versions_and_the_way_back(
    taught: Taught, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second version counts at once; going back is a pointer; nothing before the first."""
    home, file = tmp_path / "bins", tmp_path / "bins.zip"
    shutil.copytree(taught.home, home)
    assert main(["teach", "export", str(home), str(file)]) == 0
    assert main(["teach", "import", str(file), str(home)]) == 0
    assert [(each.number, each.current) for each in versions(home)] == [(1, False), (2, True)]
    came = read_card(current(home)).imported_from
    assert came is not None
    assert came.startswith("bin-uncovered-v1 sha256 ")
    assert main(["teach", "list", str(home)]) == 0
    assert main(["teach", "rollback", str(home)]) == 0
    assert current(home).name == "bin-uncovered-v1"
    with pytest.raises(NotFound, match="no earlier version"):
        rollback(home)
    assert rollback(home, 2).folder.name == "bin-uncovered-v2"
    with pytest.raises(NotFound, match="there is no version 7"):
        rollback(home, 7)
    said = capsys.readouterr().out
    assert "bin-uncovered-v2\tcurrent" in said


def test_another_site_answers_the_same(taught: Taught, tmp_path: Path) -> None:
    """One file carries it; a file that is there is not overwritten."""
    file = bundle.export(taught.home, tmp_path / "bins.zip")
    with pytest.raises(InvalidModel, match="there already"):
        bundle.export(taught.home, file)
    folder = bundle.bring_in(file, tmp_path / "elsewhere")
    pictures = [np.asarray(cv2.imread(str(each)), np.uint8) for each in taught.fresh]
    here, there = (TaughtCondition.load(each).score(pictures) for each in (taught.home, folder))
    assert (here == there).all()


@pytest.mark.parametrize("what", ["garbage", "path", "extra", "weights", "face", "two"])
def test_bundles_that_are_refused(taught: Taught, tmp_path: Path, what: str) -> None:
    """Nothing of a file that is not what export writes reaches the other site."""
    file, bad = bundle.export(taught.home, tmp_path / "good.zip"), tmp_path / "bad.zip"
    if what == "garbage":
        bad.write_bytes(b"PK\x03\x04 garbage")
    else:
        with zipfile.ZipFile(file) as good, zipfile.ZipFile(bad, "w") as out:
            for entry in good.infolist():
                name, content = entry.filename, good.read(entry)
                if what == "path" and name.endswith("card.json"):
                    name = "../card.json"
                if what == "weights" and name.endswith(".onnx"):
                    content = content[:-1] + bytes([content[-1] ^ 1])
                if what == "face" and name.endswith("labels.txt"):
                    content = b"face-of-wang\n"
                out.writestr(name, content)
            if what == "extra":
                out.writestr("bin-uncovered-v1/run.py", "print()")
            if what == "two":
                out.writestr("bin-uncovered-v2/card.json", "{}")
    home = tmp_path / "elsewhere"
    with pytest.raises(HubError) as wrong:
        bundle.bring_in(bad, home)
    assert isinstance(wrong.value, InvalidModel)
    assert not home.exists()
    assert not (tmp_path / "card.json").exists()


def test_a_changed_version_is_not_loaded(taught: Taught, tmp_path: Path) -> None:
    """The digest in the manifest is held, and a card is needed."""
    folder = tmp_path / "bin-uncovered-v1"
    shutil.copytree(current(taught.home), folder)
    (folder / "card.json").unlink()
    with pytest.raises(InvalidModel, match="no taught condition"):
        TaughtCondition.load(folder)
    weights = folder / "bin-uncovered.onnx"
    weights.write_bytes(weights.read_bytes()[:-7])
    with pytest.raises(InvalidModel):
        TaughtCondition.load(folder)


def test_a_moved_camera_is_told(taught: Taught, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`hub teach drift`: quiet about the region as it is, exit 1 and a reason when its view went aside by a tenth."""
    assert main(["teach", "drift", str(taught.home), *map(str, taught.fresh)]) == 0
    assert json.loads(capsys.readouterr().out)["warns"] is False
    moved = []
    for path in taught.fresh:
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        aside = cv2.copyMakeBorder(picture, 0, 0, 12, 0, cv2.BORDER_REPLICATE)[:, :100]
        moved.append(tmp_path / path.name)
        cv2.imwrite(str(moved[-1]), aside)
    assert main(["teach", "drift", str(taught.home), *map(str, moved)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["moved"] is True
    assert told["what"]["zh"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--condition", "known-face"], "never loaded"),
        (["--condition", "bin-open"], "it holds versions of 'bin-uncovered'"),
        (["--condition", "bin-uncovered", "--region", "0,0,2,2"], "outside the picture"),
        (["--condition", "bin-uncovered", "--precision", "2"], "no precision"),
        (["--condition", "bin-uncovered", "--gap", "soon"], "no length of time"),
        (["--condition", "bin-uncovered"], "examples are not named"),
    ],
)
def test_wrong_calls_are_said(
    taught: Taught, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    """One line, exit code 2, nothing written."""
    before = sorted(taught.home.iterdir())
    assert main(["teach", "train", *flags, "--out", str(taught.home)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert sorted(taught.home.iterdir()) == before


def test_too_few_examples() -> None:
    """Four of a kind teach nothing that could be believed."""
    examples = [Example(bin_picture(n, uncovered=True), n < 4, f"{n}", f"{n}") for n in range(20)]
    with pytest.raises(InvalidInput, match="4 examples of 'yes'"):
        teach(examples, lambda _: {})


def test_a_folder_without_versions(tmp_path: Path) -> None:
    """Nothing was taught there."""
    with pytest.raises(NotFound, match="no condition"):
        TaughtCondition.load(tmp_path)
    with pytest.raises(NotFound):
        versions(tmp_path / "nowhere")
    (tmp_path / "a-v1").mkdir()
    (tmp_path / "a-v1" / "manifest.yaml").write_text("id: a-v1")
    with pytest.raises(NotFound, match="current"):
        current(tmp_path)


def test_a_version_is_never_overwritten(taught: Taught) -> None:
    """Two that teach at once: the later one is told."""
    folder = current(taught.home)
    with pytest.raises(Conflict, match="there already"):
        save(taught.home, read_card(folder), b"other", None, "none")
