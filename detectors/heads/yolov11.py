"""Head `yolov11`: YOLO11 as exported to ONNX: the output of `yolov8`, (1, 4 + C, N)."""

from __future__ import annotations

from detectors.heads.yolov8 import decode

__all__ = ["decode"]
