"""CenterFace's ONNX file becomes one that the hub reads: for pictures of any size, without landmarks.

    image (N, 3, H, W)  ->  heat (N, 1, H/4, W/4), size and offset (N, 2, H/4, W/4)

H and W are multiples of 32. Eyes, nose and mouth are left out with the layer that finds them: what only hides a face
needs to know nothing of it but where it is. Weights are copied, so the bytes are the same on every machine.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

INPUT = "input.1"
OUTPUTS = {"537": ("heat", 1), "538": ("size", 2), "539": ("offset", 2)}
IR_VERSION = 8


def convert(content: bytes) -> bytes:
    """The bytes of the new file; ValueError when the old one is another model."""
    old = onnx.load_from_string(content)
    names = {each.name for each in old.graph.output}
    if not set(OUTPUTS) <= names or INPUT not in {each.name for each in old.graph.input}:
        raise ValueError(f"outputs {sorted(names)}, expected {sorted(OUTPUTS)} of the input {INPUT}")
    renamed = {INPUT: "image", **{name: new for name, (new, _) in OUTPUTS.items()}}
    nodes = _needed(list(old.graph.node))
    used = {name for node in nodes for name in node.input}
    for node in nodes:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    graph = helper.make_graph(
        nodes,
        "centerface",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [
            helper.make_tensor_value_info(new, TensorProto.FLOAT, ["N", channels, "h", "w"])
            for new, channels in OUTPUTS.values()
        ],
        [each for each in old.graph.initializer if each.name in used],
    )
    version = old.opset_import[0].version
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", version)], ir_version=IR_VERSION, producer_name=""
    )
    return bytes(model.SerializeToString(deterministic=True))


def _needed(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Those that an output which stays hangs on, in their order."""
    wanted, found = set(OUTPUTS), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            found.append(node)
            wanted |= set(node.input)
    return found[::-1]
