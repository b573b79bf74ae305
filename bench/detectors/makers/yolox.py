"""YOLOX's own demo_postprocess(), and the suppression of its own evaluation, across classes.

The demo's suppression reckons a box a pixel wider than it is; that of its evaluation, which makes the published
figures, does not. Both files are loaded by themselves: nothing of the package is built.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

import numpy as np
import torch


def loaded(name: str) -> ModuleType:
    """One file of the package."""
    spec = importlib.util.spec_from_file_location(name, f"{os.environ['YOLOX_UTILS']}/{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


given = np.load(sys.argv[1])
rows = loaded("demo_utils").demo_postprocess(
    given["out0"].copy(), (int(given["height"]), int(given["width"]))
)
sure, overlap = float(given["certainty"]), float(given["overlap"])
(found,) = loaded("boxes").postprocess(
    torch.tensor(rows).float(), rows.shape[2] - 5, sure, overlap, class_agnostic=True
)
found = np.zeros((0, 7), np.float32) if found is None else found.numpy()
np.savez(
    sys.argv[2],
    boxes=found[:, :4],
    certainty=found[:, 4] * found[:, 5],
    classes=found[:, 6].astype(np.int64),
)
