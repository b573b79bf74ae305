"""Sweep: files of the evidence store that no row knows: a crash came between the file and its commit."""

from __future__ import annotations

import logging

from alerts.ledger import attachments, evidence, lessons
from alerts.ledger.engine import Ledger
from hub.serve.case_files import case_of
from hub.serve.evidence_store import EXAMPLE, PHOTO, EvidenceStore
from hub.serve.lessons import lesson_of

log = logging.getLogger(__name__)


def sweep(ledger: Ledger, store: EvidenceStore) -> int:
    """Delete them; how many there were. Only while nothing else writes into the store: at the start."""
    with ledger.read() as conn:
        known = evidence.known_files(conn)
        photos = attachments.known(conn)
        examples = lessons.known(conn)
    count = 0
    for folder, name in list(store.files()):
        case, lesson = case_of(folder), lesson_of(folder)
        if case is not None:
            kept = name.endswith(PHOTO) and (case, name.removesuffix(PHOTO)) in photos
        elif lesson is not None:
            kept = name.endswith(EXAMPLE) and (lesson, name.removesuffix(EXAMPLE)) in examples
        else:
            kept = (folder, name) in known
        if not kept:
            store.discard(folder, name)
            count += 1
    if count:
        log.info("%d files of evidence that belong to nothing were deleted", count)
    return count
