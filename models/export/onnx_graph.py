"""torch module to ONNX, with a dynamic batch; the graph first, then the weights.

Tracing and translating take most of a small training's time, and depend on everything but the weights. So the graph is
made with its weights as inputs, by construction the same whatever they are (`models/export/kept_graphs.py` keeps it);
then each weight becomes an initializer.
"""

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from models.detector import DetectorNet

__all__ = ["OUTPUTS", "graph_of", "named_tensors", "to_onnx", "with_weights"]

INPUT = "pixels"
OUTPUTS = ("score", "map", "signature", "class_score")
_STACK = "pkg.torch.onnx.stack_trace"  # paths of this machine, in every node


def to_onnx(net: DetectorNet, outputs: tuple[str, ...]) -> bytes:
    """Export; the number of parts is dynamic, tiles, height and width are fixed by the bundle."""
    return with_weights(graph_of(net, outputs), net)


def graph_of(net: DetectorNet, outputs: tuple[str, ...]) -> ModelProto:
    """The graph of a net, in which every weight is an input of the name that it has there."""
    sample = torch.full((2 * net.tiles, *net.size, 3), 127, dtype=torch.uint8)
    parts = torch.export.Dim("parts", min=1, max=256)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        program = torch.onnx.export(
            net.eval(),
            (sample,),
            dynamo=True,
            input_names=[INPUT],
            output_names=list(outputs),
            dynamic_shapes={"pixels": {0: parts if net.tiles == 1 else net.tiles * parts}},
            verbose=False,
            optimize=False,
        )
        if program is None:
            raise RuntimeError("torch.onnx.export returned nothing")
        _weights_as_inputs(program.model.graph, _weights(net))
        program.optimize()
    for node in program.model.graph:
        node.metadata_props.pop(_STACK, None)
    return program.model_proto


def with_weights(graph: ModelProto, net: nn.Module) -> bytes:
    """The graph with the weights of a net in place of its inputs of their names."""
    weights = _weights(net)
    model = ModelProto()
    model.CopyFrom(graph)
    named = model.graph.input[1:]
    for told in named:
        model.graph.initializer.append(numpy_helper.from_array(weights[told.name].detach().numpy(), told.name))
    del model.graph.input[1:]
    return bytes(model.SerializeToString())


def named_tensors(net: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by all of their names: one that two modules share has two."""
    return {
        **dict(net.named_parameters(remove_duplicate=False)),
        **dict(net.named_buffers(remove_duplicate=False)),
    }


def _weights(net: nn.Module) -> dict[str, Tensor]:
    """What a training learns; whole numbers say which position is where, and belong to the graph."""
    return {name: value for name, value in named_tensors(net).items() if value.is_floating_point()}


def _weights_as_inputs(graph: Any, weights: Mapping[str, Tensor]) -> None:
    """Before the graph is optimised: what is no constant cannot become part of another one."""
    used = [value for value in graph.initializers.values() if value.name in weights and value.uses()]
    for value in used:
        del graph.initializers[value.name]
        value.const_value = None
        graph.inputs.append(value)
