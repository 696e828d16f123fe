"""torch module to ONNX, with a dynamic batch."""

import io
import logging
import warnings

import onnx
import torch

from models.detector import DetectorNet

__all__ = ["OUTPUTS", "to_onnx"]

INPUT = "pixels"
OUTPUTS = ("score", "map", "signature", "class_score")


def to_onnx(net: DetectorNet, outputs: tuple[str, ...]) -> bytes:
    """Export; the number of parts is dynamic, tiles, height and width are fixed by the bundle."""
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
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    buffer = io.BytesIO()
    onnx.save(program.model_proto, buffer)
    return buffer.getvalue()
