"""Network: what goes into the one ONNX file of a taught condition, and what comes out. Pure."""

from __future__ import annotations

SIZE = 160
"""Pixels on each side of a crop as the network sees it: a multiple of 32. More costs more, as its square."""
CROPS, RESULT = "crops", "p"
"""Its input, (N, SIZE, SIZE, 3) float32, BGR, 0..255; its output, (N,): the probability that the condition holds."""
