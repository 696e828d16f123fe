"""fp16: the trunk in half precision, the heads as they are.

Source: onnxruntime's own converter. It is given the trunk alone: in a whole graph it rounds between any two steps that
were to keep their precision, and the heads live on small differences.
"""

import onnx
from onnx import NodeProto, helper
from onnxruntime.transformers.float16 import convert_float_to_float16

from models.export.reduced import of_heads, quiet

__all__ = ["to_fp16"]

_OWN = "trunk."  # before the names of the trunk's constants, of which heads may use the same


def to_fp16(model: bytes) -> bytes:
    """Half the bits in all that lies before the heads; pixels, score and map keep their types.

    Args:
        model: ONNX. Without heads, as of another tool, all of it is halved that sees the pixels.
    """
    whole = onnx.shape_inference.infer_shapes(onnx.load_from_string(model))
    before = _before_heads(whole.graph)
    after = [node for node in whole.graph.node if node.name not in before]
    trunk = _trunk(whole, before, after)
    with quiet():
        half = convert_float_to_float16(trunk, keep_io_types=True).graph
    graph = helper.make_graph(
        [*half.node, *after],
        whole.graph.name,
        whole.graph.input,
        whole.graph.output,
        [*half.initializer, *_used(whole.graph, after)],
    )
    made = helper.make_model(graph, opset_imports=whole.opset_import, ir_version=whole.ir_version)
    made.functions.extend(whole.functions)
    return bytes(made.SerializeToString())


def _before_heads(graph: onnx.GraphProto) -> set[str]:
    """Names of the nodes that see the pixels and nothing of a head, and of those that only prepare their constants."""
    pixels, heads = {value.name for value in graph.input}, set[str]()
    found, needed = set[str](), set[str]()
    for node in graph.node:  # in the order in which they are computed
        if of_heads(node) or _branches(node) or heads.intersection(node.input):
            heads.update(node.output)
        elif pixels.intersection(node.input):
            pixels.update(node.output)
            needed.update(node.input)
            found.add(node.name)
    for node in reversed(graph.node):
        if needed.intersection(node.output) and not heads.intersection(node.output):
            needed.update(node.input)
            found.add(node.name)
    return found


def _branches(node: NodeProto) -> bool:
    """Whether it holds graphs of its own, which use constants that it does not name."""
    return any(
        attribute.type in {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS} for attribute in node.attribute
    )


def _trunk(whole: onnx.ModelProto, before: set[str], after: list[NodeProto]) -> onnx.ModelProto:
    """The nodes before the heads as a model of its own: from the pixels to all that others need of them."""
    nodes = [node for node in whole.graph.node if node.name in before]
    constants = _used(whole.graph, nodes)
    own = {constant.name: _OWN + constant.name for constant in constants}
    needed = {name for node in after for name in node.input} | {value.name for value in whole.graph.output}
    known = {value.name: value for value in (*whole.graph.value_info, *whole.graph.output)}
    outputs = [known[name] for node in nodes for name in node.output if name in needed]
    graph = helper.make_graph(
        [_renamed(node, own) for node in nodes],
        "trunk",
        whole.graph.input,
        outputs,
        [_named(c, own) for c in constants],
    )
    return helper.make_model(graph, opset_imports=whole.opset_import, ir_version=whole.ir_version)


def _used(graph: onnx.GraphProto, nodes: list[NodeProto]) -> list[onnx.TensorProto]:
    """Constants of these nodes; all of them if one holds graphs of its own."""
    names = {name for node in nodes for name in node.input}
    everything = any(_branches(node) for node in nodes)
    return [constant for constant in graph.initializer if everything or constant.name in names]


def _renamed(node: NodeProto, names: dict[str, str]) -> NodeProto:
    changed = NodeProto()
    changed.CopyFrom(node)
    changed.input[:] = [names.get(name, name) for name in node.input]
    return changed


def _named(constant: onnx.TensorProto, names: dict[str, str]) -> onnx.TensorProto:
    changed = onnx.TensorProto()
    changed.CopyFrom(constant)
    changed.name = names[constant.name]
    return changed
