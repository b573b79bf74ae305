"""SSD: torchvision's nms(), across classes, over boxes that are decoded already."""

from __future__ import annotations

import sys

import numpy as np
import torch
from torchvision.ops import nms

given = np.load(sys.argv[1])
scale = np.array([given["width"], given["height"]] * 2, np.float32)
corners = torch.tensor(given["out0"].reshape(-1, 4)[:, [1, 0, 3, 2]].clip(0, 1) * scale)
best = torch.tensor(given["out1"].reshape(len(corners), -1)).max(dim=1)
sure = (best.values >= float(given["certainty"])).nonzero().view(-1)
kept = sure[nms(corners[sure], best.values[sure], float(given["overlap"]))]
np.savez(
    sys.argv[2],
    boxes=corners[kept].numpy(), certainty=best.values[kept].numpy(), classes=best.indices[kept].numpy(),
)  # fmt: skip
