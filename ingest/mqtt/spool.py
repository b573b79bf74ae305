"""Spool: messages on disk that the broker has not acknowledged yet, in order, through kill -9 and power cuts.

A folder of segments `<first n>.log`, each a run of lines `crc32 n topic payload` (topic and payload in
base64). A line is on the disk before append() returns. What was acknowledged is noted in `acknowledged`; a
segment goes when all its records are. After a crash a record whose acknowledgement was not noted yet is sent
again: receivers apply idempotently. A torn last line, which a power cut may leave, was never promised and is
dropped.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import threading
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

from ingest.mqtt.topics import check_topic

log = logging.getLogger(__name__)

Publish = Callable[[str, bytes], Future[None]]


@dataclass(frozen=True, slots=True)
class _Record:
    n: int
    topic: str
    payload: bytes


class Spool:
    """One folder, one process. Thread-safe.

    Attributes:
        dropped: Records given up because the spool was full, since it was opened (oldest first).
        damaged: Lines that could not be read back when the folder was opened.
    """

    def __init__(self, folder: Path, *, limit: int = 100_000, segment: int = 1_000) -> None:
        self.dropped = 0
        self.damaged = 0
        self._folder = folder
        self._limit = limit
        self._segment = segment
        self._condition = threading.Condition()
        self._drain = threading.Lock()
        self._sent: dict[int, Future[None]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._acknowledged = self._read_acknowledged()
        self._records = deque(self._read_segments())
        self._next = max((self._records[-1].n if self._records else 0), self._acknowledged) + 1
        # a new segment at each start: a torn line is never appended to
        self._first = self._next
        self._file = self._open_segment()

    def __len__(self) -> int:
        """How many records wait."""
        return len(self._records)

    def append(self, topic: str, payload: bytes) -> int:
        """Keep one message; it is on the disk when this returns its number."""
        check_topic(topic)
        with self._condition:
            record = _Record(self._next, topic, payload)
            if record.n - self._first >= self._segment:
                self._file.close()
                self._first = record.n
                self._file = self._open_segment()
            self._file.write(_line(record))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._next += 1
            self._records.append(record)
            if len(self._records) > self._limit:
                oldest = self._records.popleft()
                self._sent.pop(oldest.n, None)
                self.dropped += 1
                if self.dropped == 1:
                    log.error(
                        "spool %s is full (%d): the oldest messages are dropped", self._folder, self._limit
                    )
                self._note(oldest.n)
            self._condition.notify_all()
            return record.n

    def wait(self, timeout: float) -> bool:
        """Wait until something is in the spool; whether there is."""
        with self._condition:
            return self._condition.wait_for(lambda: bool(self._records), timeout)

    def drain(self, publish: Publish, *, timeout: float = 1.0, window: int = 20) -> int:
        """Publish the oldest `window` records in order and wait up to `timeout` seconds for acknowledgements.

        A record is published once and removed only when its future resolves; one whose future failed is
        published again by a later call. Returns how many were removed.
        """
        with self._drain:
            with self._condition:
                head = list(islice(self._records, window))
            for record in head:
                if record.n not in self._sent:
                    self._sent[record.n] = publish(record.topic, record.payload)
            futures = [self._sent[record.n] for record in head if record.n in self._sent]
            wait_for(futures, timeout)
            return self._settle()

    def close(self) -> None:
        """Close the file; the folder keeps what waits."""
        with self._condition:
            self._file.close()

    # -- inside ---------------------------------------------------------------------------------------------

    def _settle(self) -> int:
        removed = 0
        with self._condition:
            for n, future in list(self._sent.items()):
                if future.done() and future.exception() is not None:
                    del self._sent[n]
            done = self._acknowledged
            for record in list(islice(self._records, len(self._sent))):
                answer = self._sent.get(record.n)
                if answer is None or not answer.done():
                    break
                self._records.popleft()
                del self._sent[record.n]
                removed += 1
                done = record.n
            if removed:
                self._note(done)
        return removed

    def _note(self, n: int) -> None:
        """Remember that everything up to `n` is done, and remove segments that lie wholly before."""
        self._acknowledged = n
        temporary = self._folder / "acknowledged.tmp"
        temporary.write_text(str(n), encoding="ascii")
        temporary.replace(self._folder / "acknowledged")
        for path, following in pairwise(self._segments()):
            if int(following.stem) <= n + 1:
                path.unlink(missing_ok=True)

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("*.log"))

    def _open_segment(self) -> BinaryIO:
        # of an earlier file of this name no line was whole, or the number would have been used
        return (self._folder / f"{self._first:016d}.log").open("wb")

    def _read_acknowledged(self) -> int:
        try:
            return int((self._folder / "acknowledged").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def _read_segments(self) -> list[_Record]:
        records = []
        for path in self._segments():
            for line in path.read_bytes().splitlines():
                record = _parse(line)
                if record is None:
                    self.damaged += 1
                elif record.n > self._acknowledged:
                    records.append(record)
        if self.damaged:
            log.warning("spool %s: %d damaged lines left out", self._folder, self.damaged)
        return records


def _line(record: _Record) -> bytes:
    body = b"%d %s %s" % (
        record.n,
        base64.b64encode(record.topic.encode()),
        base64.b64encode(record.payload),
    )
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parse(line: bytes) -> _Record | None:
    digest, _, body = line.partition(b" ")
    try:
        if int(digest, 16) != zlib.crc32(body):
            return None
        n, topic, payload = body.split(b" ")
        return _Record(int(n), base64.b64decode(topic).decode(), base64.b64decode(payload))
    except (ValueError, binascii.Error):
        return None
