"""Provider: what networks run on, by the word of the setting; onnxruntime calls it an execution provider.

The packages that the project installs run on the processor. Who has another kind of device installs onnxruntime's
package for it in place of ours and names it; where the runtime cannot use it after all, the hub says so and goes on
with the processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Provider = Literal["cpu", "cann", "coreml", "cuda", "directml", "migraphx", "openvino", "tensorrt"]
CPU: Provider = "cpu"

NAMES: Mapping[Provider, str] = {
    "cpu": "CPUExecutionProvider",
    "cann": "CANNExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
"""As onnxruntime knows them (https://onnxruntime.ai/docs/execution-providers/)."""

WORDS: tuple[Provider, ...] = get_args(Provider)
