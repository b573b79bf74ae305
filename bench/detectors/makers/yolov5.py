"""YOLOv5's own non_max_suppression(), across classes."""

from __future__ import annotations

import sys

import numpy as np
import torch
from yolov5.utils.general import non_max_suppression

given = np.load(sys.argv[1])
(found,) = non_max_suppression(
    torch.tensor(given["out0"]), float(given["certainty"]), float(given["overlap"]), agnostic=True
)
found = found.numpy()
np.savez(sys.argv[2], boxes=found[:, :4], certainty=found[:, 4], classes=found[:, 5].astype(np.int64))
