"""Usual file: what a camera usually shows, as bytes and back. Pure; plain arrays, nothing that could be run."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from detectors.usual import MOST, Usual, View
from ingest.errors import InvalidInput
from ingest.glance import HEIGHT, WIDTH

EDGES = (HEIGHT, WIDTH)
BLOCKS = (9, 16)
"""Shapes of a view's arrays, see Sketch."""


def pack(usual: Usual, *, of: str) -> bytes:
    """The views, without the light that may become one; `of` says whose they are and comes back from unpack()."""
    into = io.BytesIO()
    views = usual.views
    np.savez(
        into,
        of=np.array(of),
        edges=np.array([each.edges for each in views], np.float32).reshape(-1, *EDGES),
        blocks=np.array([[each.coarse, each.texture, each.fine] for each in views], np.float32).reshape(
            -1, 3, *BLOCKS
        ),
        light=np.array([[each.spread, each.low] for each in views], np.float64).reshape(-1, 2),
        count=np.array([each.count for each in views], np.int64),
    )
    return into.getvalue()


def unpack(content: bytes) -> tuple[Usual, str]:
    """(what is usual, whose it is); InvalidInput for anything that pack() did not make."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            edges, blocks = found["edges"], found["blocks"]
            light, count, of = found["light"], found["count"], str(found["of"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as wrong:
        raise InvalidInput(f"this is no usual view ({type(wrong).__name__})") from None
    n = len(count)
    shapes = (edges.shape, blocks.shape, light.shape, count.shape)
    if n > MOST or shapes != ((n, *EDGES), (n, 3, *BLOCKS), (n, 2), (n,)):
        raise InvalidInput("this is no usual view (shapes)")
    if not all(np.isfinite(each).all() for each in (edges, blocks, light)):
        raise InvalidInput("this is no usual view (numbers)")
    views = tuple(
        View(
            edges=edges[i].astype(np.float32),
            coarse=blocks[i, 0].astype(np.float32),
            texture=blocks[i, 1].astype(np.float32),
            fine=blocks[i, 2].astype(np.float32),
            spread=float(light[i, 0]),
            low=float(light[i, 1]),
            count=int(count[i]),
        )
        for i in range(n)
    )
    return Usual(views), of
