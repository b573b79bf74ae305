"""DETR and RT-DETR as Hugging Face's transformers read them, without suppression.

With a column more than there are classes a row is one distribution, "no object" last (DETR); else each class has a
logistic score of its own (RT-DETR).
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import torch
from transformers.models.detr.image_processing_detr import DetrImageProcessor
from transformers.models.rt_detr.image_processing_rt_detr import RTDetrImageProcessor

given = np.load(sys.argv[1])
outputs = SimpleNamespace(logits=torch.tensor(given["out0"]), pred_boxes=torch.tensor(given["out1"]))
size = torch.tensor([[int(given["height"]), int(given["width"])]])
kind = DetrImageProcessor if given["out0"].shape[2] > int(given["classes"]) else RTDetrImageProcessor
maker = kind.__new__(kind)
(found,) = maker.post_process_object_detection(
    outputs, threshold=float(given["certainty"]), target_sizes=size
)
np.savez(
    sys.argv[2],
    boxes=found["boxes"].numpy(),
    certainty=found["scores"].numpy(),
    classes=found["labels"].numpy(),
)
