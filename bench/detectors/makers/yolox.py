"""YOLOX's own demo: demo_postprocess() and its suppression across classes. Its file is loaded by itself."""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np

spec = importlib.util.spec_from_file_location("demo_utils", os.environ["YOLOX_DEMO_UTILS"])
if spec is None or spec.loader is None:
    raise ImportError("demo_utils")
demo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(demo)

given = np.load(sys.argv[1])
rows = given["out0"]
many = demo.demo_postprocess(rows.copy(), (int(given["height"]), int(given["width"])))[0]
corners = np.concatenate([many[:, :2] - many[:, 2:4] / 2, many[:, :2] + many[:, 2:4] / 2], axis=1)
scores = many[:, 4:5] * many[:, 5:]
found = demo.multiclass_nms(corners, scores, float(given["overlap"]), float(given["certainty"]))
found = np.zeros((0, 6)) if found is None else found
np.savez(sys.argv[2], boxes=found[:, :4], certainty=found[:, 4], classes=found[:, 5].astype(np.int64))
