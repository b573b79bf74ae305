"""A classifier's scores as torch makes them a distribution."""

from __future__ import annotations

import sys

import numpy as np
import torch

given = np.load(sys.argv[1])
shares = torch.softmax(torch.tensor(given["out0"].reshape(-1)).double(), dim=0)
best = int(shares.argmax())
sure = float(shares[best]) >= float(given["certainty"])
whole = np.array([[0, 0, given["width"], given["height"]]], np.float32)
np.savez(
    sys.argv[2],
    boxes=whole[: int(sure)], certainty=np.array([shares[best]], np.float32)[: int(sure)],
    classes=np.array([best])[: int(sure)],
)  # fmt: skip
