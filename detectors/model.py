"""Model: a folder with a manifest, labels and pinned weights; looked at closely before anything is loaded.

    models/<id>/manifest.yaml   what the hub must know (class Manifest)
    models/<id>/labels.txt      one class per line
    models/<id>/<file>          the weights: fetched or built at set-up, checked against the manifest's digest

A folder that cannot be used raises InvalidModel, which says what is wrong with which file and the mend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detectors.forbidden import Use, why_forbidden
from detectors.weights import check_weights
from ingest.errors import InvalidModel

MANIFEST = "manifest.yaml"
FETCH = "run `make setup` (or .venv/bin/python scripts/fetch_models.py)"
UNUSED = "-"
"""In labels.txt: a column that the model never uses."""

MAX_MANIFEST_BYTES = 100_000
MAX_LABELS = 10_000
Three = tuple[float, float, float]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A name inside the model's own folder: no path leads out of it."""


class Input(BaseModel):
    """How a picture becomes the model's input tensor.

    Attributes:
        name: The ONNX input.
        width: Pixels.
        height: Pixels.
        lower: Heights that the network takes as well, where bars of a letterbox can be left out.
        fit: stretch loses the proportions, letterbox keeps them and fills with `pad`.
        layout: Order of the tensor's axes.
        colour: Order of the channels.
        mean: Subtracted from each channel, in the order of `colour`.
        scale: Then multiplied.
        pad: Grey value of letterbox bars, 0..255.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "image"
    width: int = Field(ge=16, le=4096)
    height: int = Field(ge=16, le=4096)
    lower: tuple[Annotated[int, Field(ge=16)], ...] = ()
    fit: Literal["stretch", "letterbox"] = "letterbox"
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr"] = "rgb"
    mean: Three = (0.0, 0.0, 0.0)
    scale: Three = (1.0, 1.0, 1.0)
    pad: int = Field(default=114, ge=0, le=255)

    @model_validator(mode="after")
    def _lower(self) -> Self:
        if self.lower and (self.fit != "letterbox" or max(self.lower) >= self.height):
            raise ValueError("lower heights are below `height`, and for `fit: letterbox` only")
        return self


class Manifest(BaseModel):
    """What the hub must know about one model.

    Attributes:
        id: Name of the folder, and the word after `model:` in the registry.
        head: File on the shelf detectors/heads that reads the output format.
        use: detect for rules; blur only to hide what it finds.
        file: The weights, beside the manifest.
        sha256: Digest of the weights.
        bytes: Length of the weights, so that a file cut short is called that.
        labels: File with one class per line.
        classes: The lines of that file; filled by load_manifest().
        min_certainty: Boxes below are dropped.
        max_overlap: Boxes that overlap more are one thing.
        max_boxes: The surest are kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    head: str
    use: Use = "detect"
    file: FileName
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int | None = Field(default=None, gt=0)
    labels: FileName = "labels.txt"
    classes: tuple[str, ...] = ()
    input: Input
    min_certainty: float = Field(default=0.25, gt=0, lt=1)
    max_overlap: float = Field(default=0.5, gt=0, le=1)
    max_boxes: int = Field(default=100, ge=1, le=10_000)
    licence: str
    source: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What `models list` and `/readyz` say about one model.

    Attributes:
        id: Name of the folder.
        state: ok or failed.
        reason: Why not, with the mend; None when ok.
        manifest: None when it could not be read.
    """

    id: str
    state: Literal["ok", "failed"]
    reason: str | None
    manifest: Manifest | None


def _read_labels(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise InvalidModel(
            f"the labels cannot be read ({_cause(wrong)})",
            where=str(path),
            mend="write one class per line, in UTF-8",
        ) from wrong
    classes = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not 1 <= len(classes) <= MAX_LABELS:
        raise InvalidModel(f"{len(classes)} labels", where=str(path), mend="write one class per line")
    return classes


def _cause(wrong: Exception) -> str:
    return getattr(wrong, "strerror", None) or str(wrong)


def load_manifest(folder: Path) -> Manifest:
    """The manifest of a model's folder with its classes; the weights are not touched."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise InvalidModel("the manifest is too long", where=str(path), mend="see models/coco-ssd")
        raw = yaml.safe_load(path.read_text("utf-8"))
    except OSError as wrong:
        raise InvalidModel(
            f"there is no model {folder.name!r} ({_cause(wrong)})",
            where=str(path),
            mend="name a folder of models/ that has a manifest.yaml",
        ) from wrong
    except (UnicodeDecodeError, yaml.YAMLError) as wrong:
        said = " ".join(str(wrong).split())
        raise InvalidModel(f"not YAML ({said})", where=str(path), mend="see models/coco-ssd") from wrong
    if not isinstance(raw, dict):
        raise InvalidModel("the manifest is not a table of keys", where=str(path), mend="see models/coco-ssd")
    if "classes" in raw:
        raise InvalidModel("unknown key 'classes'", where=str(path), mend="list the classes in labels.txt")
    try:
        manifest = Manifest.model_validate(raw)
    except ValidationError as wrong:
        said = ", ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors())
        raise InvalidModel(said, where=str(path), mend="see models/coco-ssd/manifest.yaml") from wrong
    if manifest.id != folder.name:
        raise InvalidModel(
            f"the id {manifest.id!r} differs from the folder's name {folder.name!r}",
            where=str(path),
            mend="make them the same",
        )
    manifest = manifest.model_copy(update={"classes": _read_labels(folder / manifest.labels)})
    refused = why_forbidden(
        [manifest.id, manifest.file, manifest.head, manifest.source], manifest.classes, use=manifest.use
    )
    if refused:
        raise InvalidModel(refused.what, where=str(path), mend=refused.mend)
    return manifest


def unknown_classes(manifest: Manifest, wanted: Iterable[str]) -> tuple[str, ...]:
    """Which of `wanted` the model can never find: a rule on them would be silent for ever."""
    return tuple(label for label in wanted if label not in manifest.classes or label == UNUSED)


@lru_cache(maxsize=64)
def _inspected(path: Path, size: int, _changed: int, expected: int | None, use: Use, labels: int) -> str:
    """The sha256 of weights that are a whole model; the key makes a changed file a new one."""
    return check_weights(path, size=size, expected=expected, mend=FETCH, use=use, labels=labels)


def verify(folder: Path) -> Manifest:
    """The manifest of a model whose weights are exactly those it names.

    Raises InvalidModel: missing, empty, cut short, a web page, another file, weights that reach outside the file, ask
    for too much memory or for operators that there are none, or a face, plate or gait model. Blocks for about a second
    for a file that was not seen before (inspection.py).
    """
    manifest = load_manifest(folder)
    path = folder / manifest.file
    try:
        status = path.stat()
    except OSError as wrong:
        raise InvalidModel("the weights are missing", where=str(path), mend=FETCH) from wrong
    labels = len(manifest.classes)
    found = _inspected(path, status.st_size, status.st_mtime_ns, manifest.bytes, manifest.use, labels)
    if found != manifest.sha256:
        raise InvalidModel(
            f"sha256 is {found[:12]}…, the manifest says {manifest.sha256[:12]}…",
            where=str(path),
            mend=f"delete the file and {FETCH}; for weights of your own, write their sha256 there",
        )
    return manifest


def model_folders(root: Path) -> tuple[Path, ...]:
    """The folders below `root` that hold a manifest, by name."""
    if not root.is_dir():
        return ()
    return tuple(sorted(path.parent for path in root.glob(f"*/{MANIFEST}")))


def check_model(folder: Path) -> Health:
    """Whether one model could be loaded; never raises for what is wrong with the model."""
    manifest: Manifest | None = None
    try:
        manifest = load_manifest(folder)
        verify(folder)
    except InvalidModel as wrong:
        return Health(folder.name, "failed", str(wrong), manifest)
    return Health(folder.name, "ok", None, manifest)


def list_models(root: Path) -> tuple[Health, ...]:
    """Every model below `root` with its state, for `models list` and health."""
    return tuple(check_model(folder) for folder in model_folders(root))
