"""What goes in and comes out of networks of faces, plates and gait, and what only looks like it."""

from __future__ import annotations

import pytest

from detectors.forbidden import Use
from detectors.forbidden_shapes import why_forbidden_shapes

Shape = tuple[int | None, ...]
PICTURE: tuple[Shape, ...] = ((1, 3, 416, 416),)

ROWS: list[tuple[str, tuple[Shape, ...], tuple[Shape, ...], int, Use, str | None]] = [
    ("YOLOX of 80 classes", PICTURE, ((1, 3549, 85),), 80, "detect", None),
    ("YOLOv8 of 80 classes", PICTURE, ((1, 84, 8400),), 80, "detect", None),
    ("YOLOv8 of 16 classes: as many rows as one of faces", PICTURE, ((1, 20, 8400),), 16, "detect", None),
    ("YOLOv5 of 11 classes: as many columns as one of faces", PICTURE, ((1, 25200, 16),), 11, "detect", None),
    ("the shipped SSD", PICTURE, ((1, 1917, 1, 4), (1, 1917, 90)), 90, "detect", None),
    ("a transformer's boxes and classes", PICTURE, ((1, 100, 92), (1, 100, 4)), 91, "detect", None),
    ("a transformer of ten classes", PICTURE, ((1, 300, 10), (1, 300, 4)), 10, "detect", None),
    ("a transformer of nine and no object", PICTURE, ((1, 100, 10), (1, 100, 4)), 9, "detect", None),
    ("boxes with five points, without scores", PICTURE, ((1, 300, 10), (1, 300, 4)), 2, "detect", "points of a face"),
    ("RetinaFace, said to know ten classes", PICTURE, ((1, 16800, 4), (1, 16800, 2), (1, 16800, 10)), 10, "detect",
     "points of a face"),
    ("NanoDet of 80 classes", PICTURE, ((1, 3598, 112),), 80, "detect", None),
    ("YOLOv8-seg of 80 classes", PICTURE, ((1, 116, 3549), (1, 32, 104, 104)), 80, "detect", None),
    ("a classifier of 1000 classes", PICTURE, ((1, 1000),), 1000, "detect", None),
    ("a classifier of as many classes as a vector is long", PICTURE, ((1, 512),), 512, "detect", None),
    ("a mask", PICTURE, ((1, 2, 104, 104),), 2, "detect", None),
    ("two answers for the whole picture", PICTURE, ((1, 10), (1, 4)), 10, "detect", None),
    ("nothing is known of its lengths", ((None, 3, None, None),), ((None, None, None),), 3, "detect", None),
    ("a face as 512 numbers", ((1, 3, 112, 112),), ((1, 512),), 1, "detect", "one vector per picture"),
    ("the same, called a thing that blurs", ((1, 3, 112, 112),), ((1, 512),), 1, "blur", "one vector per picture"),
    ("a person as 512 numbers, not flattened", ((1, 3, 256, 128),), ((1, 512, 1, 1),), 1, "detect", "one vector"),
    ("a face as 128 numbers, any batch", ((None, 3, 160, 160),), ((None, 128),), 2, "detect", "one vector"),
    ("RetinaFace", PICTURE, ((1, 16800, 4), (1, 16800, 2), (1, 16800, 10)), 2, "detect", "points of a face"),
    ("SCRFD", PICTURE, ((12800, 1), (3200, 1), (12800, 4), (3200, 4), (12800, 10), (3200, 10)), 1, "detect", "points"),
    ("YuNet", PICTURE, ((1, 6400, 1), (1, 6400, 1), (1, 6400, 4), (1, 6400, 10)), 1, "detect", "points of a face"),
    ("BlazeFace", ((1, 3, 128, 128),), ((1, 896, 16), (1, 896, 1)), 1, "detect", "points of a face"),
    ("CenterFace", PICTURE, ((1, 1, 104, 104), (1, 2, 104, 104), (1, 2, 104, 104), (1, 10, 104, 104)), 1, "detect",
     "points of a face"),
    ("UltraFace", ((1, 3, 240, 320),), ((1, 4420, 2), (1, 4420, 4)), 2, "detect", "points of a face"),
    ("YOLOv5 with the points of a face", PICTURE, ((1, 25200, 16),), 1, "detect", "points of a face"),
    ("YOLOv8 with the points of a face", PICTURE, ((1, 20, 8400),), 1, "detect", "points of a face"),
    ("a face detector that only hides", PICTURE, ((1, 16800, 4), (1, 16800, 2), (1, 16800, 10)), 1, "blur", None),
    ("LPRNet: 68 characters at 18 places", ((1, 3, 24, 94),), ((1, 68, 18),), 1, "detect", "row of characters"),
    ("characters by place first", ((1, 3, 48, 168),), ((1, 21, 78),), 1, "detect", "row of characters"),
    ("one answer for each character of a plate", PICTURE, ((1, 34),) * 7, 1, "detect", "row of characters"),
    ("a reader of plates that says it blurs", ((1, 3, 24, 94),), ((1, 68, 18),), 1, "blur", "row of characters"),
    ("gait by silhouettes", ((1, 30, 64, 44),), ((1, 256, 62),), 1, "detect", "silhouettes"),
    ("gait by silhouettes in one channel", ((1, 1, 30, 64, 44),), ((1, 256, 16),), 1, "blur", "silhouettes"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "inputs", "outputs", "labels", "use", "said"), ROWS, ids=[row[0] for row in ROWS]
)
def test_shapes(
    reason: str,
    inputs: tuple[Shape, ...],
    outputs: tuple[Shape, ...],
    labels: int,
    use: Use,
    said: str | None,
) -> None:
    """Whatever the file is called; a refusal says why, with the shape, and a way out."""
    refused = why_forbidden_shapes(inputs, outputs, labels=labels, use=use)
    if said is None:
        assert refused is None, reason
    else:
        assert refused is not None, reason
        assert said in refused.what
        assert "never loaded" in refused.what
        assert refused.mend
