"""Graphs of detectors that were exported before: to trace one takes seconds, and a retraining changes its weights only.

A kept graph has no weights. Its name is a hash of all that it depends on: the source of this package, the versions of
what traces and translates, the attributes of all modules, names, shapes and types of their tensors, and the values of
whole numbers, which say which position is where. What is found is what would be made, byte for byte; and a bundle still
has to pass the parity gate.
"""

import logging
import os
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from onnx import ModelProto, load_from_string
from torch import nn

from models.detector import DetectorNet
from models.export.onnx_graph import graph_of, named_tensors, with_weights
from models.kept_files import trim, write_whole

__all__ = ["KeptGraphs", "graph_name", "graphs_of_this_user"]

_PACKAGE = Path(__file__).parents[1]
_TRACED_BY = ("torch", "onnx", "onnxscript", "onnx-ir", "timm")
_COUNTS = ("parts", "weight_parts")  # of good parts: every retraining has others, and no graph looks at them
_PLAIN = (bool, int, float, str, tuple, type(None))
_DIGEST_BYTES = 32
_LIMIT_BYTES = 32 << 20  # about a hundred

log = logging.getLogger(__name__)


def graphs_of_this_user() -> Path | None:
    """Where this user's graphs are kept; None for a user without a home."""
    try:
        return Path.home() / ".cache" / "inspection" / "graphs"
    except RuntimeError:
        return None


class KeptGraphs:
    """Exports with the graph of an earlier training where there is one; without a folder each is made anew."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def to_onnx(self, net: DetectorNet, outputs: tuple[str, ...]) -> bytes:
        """What `onnx_graph.to_onnx` gives."""
        return with_weights(self.graph_of(net, outputs), net)

    def graph_of(self, net: DetectorNet, outputs: tuple[str, ...]) -> ModelProto:
        """What `onnx_graph.graph_of` gives."""
        if self._folder is None:
            return graph_of(net, outputs)
        path = self._folder / graph_name(net.eval(), outputs)
        kept = _read(path)
        if kept is None:
            kept = graph_of(net, outputs)
            _keep(path, kept.SerializeToString())
        return kept


def graph_name(net: nn.Module, outputs: tuple[str, ...]) -> str:
    """Of the file: the same for nets of the same graph, another one for others."""
    told = sha256()
    for fact in _facts(net, outputs):
        told.update(sha256(fact).digest())
    return told.hexdigest() + ".onnx"


def _facts(net: nn.Module, outputs: tuple[str, ...]) -> Iterator[bytes]:
    yield repr([(name, version(name)) for name in _TRACED_BY]).encode()
    yield from (path.read_bytes() for path in sorted(_PACKAGE.rglob("*.py")))
    yield repr(outputs).encode()
    for name, module in net.named_modules():
        yield repr((name, type(module).__qualname__, _attributes(module))).encode()
    for name, value in named_tensors(net).items():
        yield repr((name, value.dtype, tuple(value.shape))).encode()
        if not value.is_floating_point():
            yield value.numpy().tobytes()


def _attributes(module: nn.Module) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if isinstance(value, _PLAIN) and name not in _COUNTS}


def _read(path: Path) -> ModelProto | None:
    """None where it is not there, or is not what was written."""
    try:
        data = path.read_bytes()
        os.utime(path)  # used just now
        digest, graph = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        return load_from_string(graph) if sha256(graph).digest() == digest else None
    except OSError:
        return None


def _keep(path: Path, graph: bytes) -> None:
    try:
        write_whole(path, sha256(graph).digest() + graph)
        trim(path.parent, _LIMIT_BYTES)
    except OSError as error:
        log.info("%s: the graph cannot be kept for the next training: %s", path.parent, error)
