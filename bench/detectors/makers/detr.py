"""DETR as Hugging Face's transformers read it: softmax with "no object" last, no suppression."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import torch
from transformers.models.detr.image_processing_detr import DetrImageProcessor

given = np.load(sys.argv[1])
outputs = SimpleNamespace(logits=torch.tensor(given["out0"]), pred_boxes=torch.tensor(given["out1"]))
size = [(int(given["height"]), int(given["width"]))]
maker = DetrImageProcessor.__new__(DetrImageProcessor)
(found,) = maker.post_process_object_detection(
    outputs, threshold=float(given["certainty"]), target_sizes=size
)
np.savez(
    sys.argv[2],
    boxes=found["boxes"].numpy(), certainty=found["scores"].numpy(), classes=found["labels"].numpy(),
)  # fmt: skip
