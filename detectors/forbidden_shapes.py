"""Forbidden shapes: what goes into a network and comes out of it tells what it is for, whatever its file is called.

Detectors of things give boxes and a score for each label. What tells persons or vehicles apart gives something else:
one long vector per picture to be compared with others (faces, gait, the same person on another camera), boxes with the
five points of a face, a row of characters (plates), or takes silhouettes in. As with words (forbidden.py) it is a fence
against mistakes and habits, not a proof.
"""

from __future__ import annotations

from collections.abc import Sequence

from detectors.forbidden import Refusal, Use

Shape = Sequence[int | None]

VECTORS = frozenset({128, 192, 256, 384, 512, 768, 1024, 2048})
"""Lengths of vectors by which faces, persons and gaits are compared (FaceNet, ArcFace, OSNet, GaitSet and the like)."""
FACE_POINTS = 10
"""Columns of the two eyes, the nose and the corners of the mouth (RetinaFace, SCRFD, YuNet, CenterFace)."""
IN_ONE = {5 + 10: "yolov5", 4 + 15: "yolov8", 4 + 10: "yolov8"}
"""Columns of a box with such points in one output, beside one for each label."""
FEW = 16
"""Rows: so few are no table of boxes."""
FACE_ROWS = frozenset({4420, 17640})
"""Rows of boxes and two scores that only the small face detectors of 320 × 240 and 640 × 480 have."""
POSITIONS = range(5, 65)
"""Places of characters that a reader of plates looks at."""
CHARACTERS = range(34, 101)
"""Letters, digits, provinces and a blank."""
SILHOUETTES = frozenset({(64, 44), (128, 88)})
"""Height and width of the outlines by which a gait is recognised."""

ELSEWHERE = "the hub watches places and conditions, not identities; name a detector of things or conditions"


def why_forbidden_shapes(
    inputs: Sequence[Shape], outputs: Sequence[Shape], *, labels: int, use: Use
) -> Refusal | None:
    """Why a network with these inputs and outputs is refused, or None; with `use: blur` it may find faces.

    Args:
        inputs: Lengths of each; None where one is open.
        outputs: The same.
        labels: How many labels its manifest has.
        use: What the manifest says it is for.
    """
    for shape in inputs:
        if len(shape) >= 3 and tuple(shape[-2:]) in SILHOUETTES:
            return _refusal(shape, "takes silhouettes, by which a gait is recognised")
    for shape in outputs:
        vector = _vector(shape)
        if vector in VECTORS and vector != labels:
            return _refusal(
                shape, "gives one vector per picture, by which faces, persons or gaits are compared"
            )
    if reads := _characters(outputs, labels):
        return _refusal(reads, "gives a row of characters, as a reader of plates does")
    points = _face_points(outputs, labels)
    if points is not None and use != "blur":
        return _refusal(points, "gives boxes as face detectors do, with the points of a face")
    return None


def _refusal(shape: Shape, what: str) -> Refusal:
    said = " × ".join("?" if each is None else str(each) for each in shape)
    return Refusal(
        f"the network {what} ({said}): models of faces, plates or gait are never loaded", ELSEWHERE
    )


def _inner(shape: Shape) -> tuple[int | None, ...]:
    """The shape without its batch."""
    return tuple(shape[1:]) if len(shape) > 1 else tuple(shape)


def _vector(shape: Shape) -> int | None:
    """The length of a vector for the whole picture; None for anything else."""
    long = [each for each in _inner(shape) if each != 1]
    return long[0] if len(long) == 1 else None


def _characters(outputs: Sequence[Shape], labels: int) -> Shape | None:
    """The output that is a row of characters, in a network that gives no boxes."""
    inner = [_inner(each) for each in outputs]
    if any(4 in (each or (0,))[-1:] for each in inner):
        return None
    if len(outputs) >= 5 and all(
        (length := _vector(each)) is not None and length in CHARACTERS for each in outputs
    ):
        return outputs[0]
    for shape, each in zip(outputs, inner, strict=True):
        if len(outputs) != 1 or len(each) != 2 or None in each:
            continue
        first, second = sorted(length for length in each if length is not None)
        if first in POSITIONS and second in CHARACTERS and not {first, second} & {4 + labels, 5 + labels}:
            return shape
    return None


def _face_points(outputs: Sequence[Shape], labels: int) -> Shape | None:
    """The output with the points of a face, or of boxes that only face detectors have."""
    tables = [_inner(each) if len(each) == 3 else tuple(each) for each in outputs]
    rows: dict[int | None, set[int | None]] = {}
    for table in tables:
        if len(table) == 2:
            rows.setdefault(table[0], set()).add(table[1])
    for shape, table in zip(outputs, tables, strict=True):
        if len(table) == 2 and (table[0] or 0) > FEW:
            beside = rows[table[0]]
            # Two tables alone must hold the scores, too: ten columns for so many labels (and "no object") are these.
            scores = len(outputs) == 2 and labels in {FACE_POINTS, FACE_POINTS - 1}
            if {FACE_POINTS, 4} <= beside and table[1] == FACE_POINTS and not scores:
                return shape
            if beside == {16, 1} and table[1] == 16:  # four edges and six points: BlazeFace
                return shape
            if beside == {4, 2} and table[0] in FACE_ROWS:
                return shape
    maps = [each for each in outputs if len(each) == 4]
    if {each[1] for each in maps} >= {FACE_POINTS, 2, 1}:
        return next(each for each in maps if each[1] == FACE_POINTS)
    if len(outputs) == 1 and len(tables[0]) == 2:
        for columns, head in IN_ONE.items():
            at = tables[0][1] if head == "yolov5" else tables[0][0]
            if at == columns + labels:
                return outputs[0]
    return None
