"""NanoDet-Plus as Intel's Open Model Zoo reads it (its makers publish no package)."""

from __future__ import annotations

import importlib.util
import sys
import types

import numpy as np

# The package's __init__ imports openvino for other things; its models are plain numpy.
root = importlib.util.find_spec("openvino.model_zoo")
if root is None or root.submodule_search_locations is None:
    raise ImportError("openvino.model_zoo")
place = f"{next(iter(root.submodule_search_locations))}/model_api/models"
package = types.ModuleType("models")
package.__path__ = [place]
sys.modules["models"] = package
NanoDetPlus = importlib.import_module("models.nanodet").NanoDetPlus

given = np.load(sys.argv[1])
maker = NanoDetPlus.__new__(NanoDetPlus)  # without the network
maker.reg_max, maker.strides, maker.ad = 7, [8, 16, 32, 64], 0
maker.output_blob_name, maker.num_classes = "out", int(given["classes"])
maker.confidence_threshold, maker.iou_threshold = float(given["certainty"]), float(given["overlap"])
shape = (int(given["height"]), int(given["width"]), 3)
found = maker._parse_outputs({"out": given["out0"]}, {"resized_shape": shape})  # noqa: SLF001 - the whole reading but scaling back
np.savez(
    sys.argv[2],
    boxes=np.array([[each.xmin, each.ymin, each.xmax, each.ymax] for each in found], np.float32).reshape(
        -1, 4
    ),
    certainty=np.array([each.score for each in found], np.float32),
    classes=np.array([each.id for each in found], np.int64),
)
