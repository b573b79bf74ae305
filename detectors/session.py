"""Session: one loaded network on onnxruntime; the only file that imports it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from detectors.provider import CPU, NAMES, Provider
from ingest.errors import InvalidModel

ERRORS_ONLY = 3
"""onnxruntime's level of logging: its warnings about unused tensors are of no use to an operator."""


class Session:
    """A network that runs on `threads` threads of this machine's processor, or on what `provider` names.

    Attributes:
        provider: What it runs on: the processor where the one that was named cannot be used.

    Idle threads sleep instead of spinning, so that many cameras share few cores. `run` may be called from
    several threads at once and gives up the interpreter's lock while it works; making a session does not.
    """

    def __init__(self, path: Path, threads: int = 1, provider: Provider = CPU) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        self._where = str(path)
        wanted = [name for name in (NAMES[provider], NAMES[CPU]) if name in ort.get_available_providers()]
        try:
            self._session = ort.InferenceSession(str(path), options, providers=list(dict.fromkeys(wanted)))
        except Exception as wrong:  # the runtime's errors share no base below Exception
            raise InvalidModel(
                f"the runtime cannot load it ({_short(wrong)})",
                where=self._where,
                mend="check the file with `python -m hub models check`",
            ) from wrong
        # Where a device's library cannot be loaded the runtime goes on with the next one by itself.
        self.provider: Provider = provider if self._session.get_providers()[0] == NAMES[provider] else CPU
        self.inputs: Mapping[str, tuple[object, ...]] = {
            each.name: tuple(each.shape) for each in self._session.get_inputs()
        }
        self.outputs: tuple[str, ...] = tuple(each.name for each in self._session.get_outputs())

    def run(self, batch: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
        """All outputs, in the order of `outputs`; InvalidModel when the model refuses the input."""
        try:
            return [np.asarray(each) for each in self._session.run(None, dict(batch))]
        except Exception as wrong:  # as above
            raise InvalidModel(
                f"the runtime cannot run it ({_short(wrong)})",
                where=self._where,
                mend="compare `input` in the manifest with the model",
            ) from wrong


def _short(wrong: Exception) -> str:
    return " ".join(str(wrong).split())[:200]
