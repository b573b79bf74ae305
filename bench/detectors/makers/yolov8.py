"""YOLOv8's and YOLO11's own non_max_suppression(), across classes; with drawings also their outlines (process_mask)."""

from __future__ import annotations

import sys

import numpy as np
import torch
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import process_mask

given = np.load(sys.argv[1])
(found,) = non_max_suppression(
    torch.tensor(given["out0"]), float(given["certainty"]), float(given["overlap"]),
    agnostic=True, nc=int(given["classes"]),
)  # fmt: skip
told = {
    "boxes": found[:, :4].numpy(),
    "certainty": found[:, 4].numpy(),
    "classes": found[:, 5].numpy().astype(np.int64),
}
if "out1" in given:
    drawings, shape = torch.tensor(given["out1"][0]), (int(given["height"]), int(given["width"]))
    masks = process_mask(drawings, found[:, 6:], found[:, :4], shape)
    told["areas"] = masks.float().mean(dim=(1, 2)).numpy()
np.savez(sys.argv[2], **told)
