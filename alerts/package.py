"""Package: everything about one case in one zip, so that somebody far from the hub can hold it against its digests.

`manifest.json` names every file with its sha256, who made the package, when and why; `history.json` is the sealed
chain. Files are packed one after the other: no more than the largest of them is in memory at a time.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.chain import START, broken_at
from ingest.instant import format_instant

FORMAT = "xianshao-case-package"
VERSION = 1
MANIFEST = "manifest.json"
CASE = "case.json"
HISTORY = "history.json"
README = "README.txt"
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a package.

    Attributes:
        path: Within the package, `/` between folders.
        sha256: Of its content.
        size: Bytes.
        what: original, shown, attachment, case, history, incident or readme.
    """

    path: str
    sha256: str
    size: int
    what: str


@dataclass(frozen=True, slots=True)
class Made:
    """The package's watermark: who has it made, in which role, when (UTC) and why."""

    by: str
    role: str
    at: datetime
    reason: str


def json_of(value: object) -> bytes:
    """As it lies in a package: UTF-8, sorted keys, one way only to write it."""
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def manifest(
    case: Mapping[str, object],
    history: Sequence[Mapping[str, object]],
    parts: Iterable[Part],
    missing: Iterable[tuple[str, str]],
    *,
    made: Made,
) -> dict[str, object]:
    """What manifest.json holds; `missing` are files that should be there, with the reason why they are not."""
    broken = broken_at(history)
    return {
        "format": FORMAT,
        "version": VERSION,
        "case": {"id": case["id"], "number": case["number"]},
        "made": {
            "by": made.by,
            "role": made.role,
            "at": format_instant(made.at),
            "reason": made.reason,
        },
        "chain": {
            "entries": len(history),
            "last_hash": str(history[-1]["hash"]) if history else START,
            "state": "whole" if broken is None else f"broken at entry {broken + 1}",
        },
        "files": [
            {"path": each.path, "sha256": each.sha256, "bytes": each.size, "what": each.what}
            for each in sorted(parts, key=lambda part: part.path)
        ],
        "missing": [{"path": path, "reason": reason} for path, reason in missing],
    }


def readme(number: str, made: Made) -> bytes:
    """README.txt, Chinese first."""
    at = format_instant(made.at)
    return f"""县哨 案件证据包 {number}

制作人：{made.by}（{made.role}）  制作时间：{at}
事由：{made.reason}

本包含有未经模糊处理的画面，仅限办理本案使用，不得转发。制作行为已记入审计记录。

  case.json            案件
  history.json         办理全过程，每条以哈希封存前一条
  incidents/           告警及其证据：original.mp4 为封存原件，shown.* 为已模糊的展示件
  attachments/         处置前后照片
  manifest.json        每个文件的 sha256、制作人、时间、事由

核验：hub audit verify 本文件.zip
不用本系统也可核验：逐个计算 sha256 与 manifest.json 比较；history.json 每条的 hash =
sha256(该条去掉 hash 后的 RFC 8785 JSON 文本 + 上一条的 hash)，第一条之前为 64 个 0。

--------------------------------------------------------------------------------
Xianshao: evidence package of case {number}

Made by {made.by} ({made.role}) at {at}
Reason: {made.reason}

It holds pictures that are not blurred: for the handling of this case only, not to be passed on. That it was made
stands in the audit trail.

  case.json            the case
  history.json         everything that was done; each entry seals the one before by its hash
  incidents/           incidents and their evidence: original.mp4 is the sealed original, shown.* is blurred
  attachments/         photos of before and after
  manifest.json        the sha256 of every file, who made the package, when and why

Verify: hub audit verify THIS.zip
Without this system: compute each file's sha256 and compare it with manifest.json; in history.json the hash of an
entry is sha256(its RFC 8785 JSON without hash + the hash of the entry before), before the first one 64 zeros.
""".encode()


class _Pipe:
    """What zipfile writes to, and what is taken away from it."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._chunks = b"".join(self._chunks), []
        return taken


def stream(paths: Iterable[str], read: Callable[[str], bytes], at: datetime) -> Iterator[bytes]:
    """The zip in pieces; `read(path)` is asked for one file after the other."""
    pipe = _Pipe()
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as packed:
        for path in paths:
            content = memoryview(read(path))
            with packed.open(zipfile.ZipInfo(path, moment), "w", force_zip64=True) as file:
                for start in range(0, len(content), CHUNK):
                    file.write(content[start : start + CHUNK])
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()
