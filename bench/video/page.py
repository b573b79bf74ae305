"""Page: results as Markdown, put into docs/benchmarks.md between two marks by the benchmark itself."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from bench.video.verdict import HUB, Claim, Row
from bench.video.worker import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
IMAGES = "images"
PACKAGES = ("av", "opencv-python", "onnxruntime")

COLUMNS = (
    "| scene | | % of a core per camera | quartiles apart | times the hub | analysed a second, at least |"
    " ms per analysed picture | times its steps alone |"
)


def put(document: Path, name: str, text: str) -> None:
    """Take the place of what stands between the marks `<!-- NAME -->` and `<!-- /NAME -->`."""
    whole = document.read_text("utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = whole.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{document} has no {begin} … {end}")
    document.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", "utf-8")


def picture(document: Path, name: str, svg: str) -> str:
    """Write the picture beside the document; how Markdown shows it."""
    path = document.parent / IMAGES / f"bench-{name}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, "utf-8")
    return f"![{name}]({IMAGES}/{path.name})"


def processor() -> str:
    """What it ran on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    return f"{model}, {os.cpu_count()} cores"


def machine() -> str:
    """The same, with the programs that decode and infer."""
    programs = ", ".join(f"{each} {version(each)}" for each in PACKAGES)
    return f"{processor()}; {programs}"


def comparison(
    rows: Sequence[Row],
    claims: Sequence[Claim],
    raw: Mapping[str, tuple[float, float, float]],
    *,
    head: str,
    at: datetime,
) -> str:
    """Table of all contestants, of what decoding and inference cost alone, and of what was promised."""
    lines = [f"{at:%Y-%m-%d}, {machine()}. {head}", "", COLUMNS, "|---|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        times = "" if row.contestant == HUB or math.isnan(row.times) else f"{row.times:.1f}"
        times += " (void)" if row.void else ""
        per_analysed = "–" if math.isinf(row.per_analysed) else f"{row.per_analysed:.1f}"
        lines.append(
            f"| {row.scene}, {row.coding} | {row.contestant} | {row.per_camera:.2f} | {row.spread:.2f} | {times}"
            f" | {row.analysed:.2f} | {per_analysed} | {row.excess:.2f} |"
        )
    void = [f"{row.scene}, {row.coding}: {row.contestant} {row.void}." for row in rows if row.void]
    if void:
        lines += ["", "Void:", "", *(f"- {each}" for each in void)]
    lines += [
        "",
        "| alone, one thread | decode, ms per picture | inference, ms | motion gate, ms |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {where} | {decode:.2f} | {inference:.1f} | {gate:.2f} |"
        for where, (decode, inference, gate) in raw.items()
    ]
    return "\n".join([*lines, "", *answers(claims)])


def answers(claims: Sequence[Claim]) -> list[str]:
    """What was promised, and whether it holds."""
    lines = ["| what must hold | limit | found | |", "|---|---:|---:|---|"]
    for claim in claims:
        limit = f"{'≥' if claim.least else '≤'} {claim.limit:g}"
        lines.append(f"| {claim.what} | {limit} | {claim.found:.2f} | {claim.answer} |")
    return lines
