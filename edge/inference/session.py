"""An onnxruntime session with the threads and providers of the settings."""

from typing import Annotated, Any

import onnxruntime
from pydantic import Field

from edge.contract.errors import BundleCorrupt, SettingsInvalid
from edge.contract.values import Value

__all__ = ["InferenceSettings", "open_session"]

_SHORT = {
    "cpu": "CPUExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_BROUGHT_BY = {
    "OpenVINOExecutionProvider": "onnxruntime-openvino",
    "CUDAExecutionProvider": "onnxruntime-gpu",
    "TensorrtExecutionProvider": "onnxruntime-gpu",
}


class InferenceSettings(Value):
    """How the model runs on this box."""

    providers: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="cpu, openvino, cuda, tensorrt or onnxruntime's own names, best first"),
    ] = ("CPUExecutionProvider",)
    threads: Annotated[int, Field(ge=0, le=256, description="threads of one inference; 0 = one per core")] = 0


def open_session(model: bytes, settings: InferenceSettings) -> Any:
    """Open a session for an ONNX graph in memory.

    Raises:
        SettingsInvalid: a provider that this installation of onnxruntime does not have, or that does not start here.
        BundleCorrupt: the graph cannot be opened.
    """
    providers = [_SHORT.get(name.lower(), name) for name in settings.providers]
    _check_installed(providers)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin while they wait for work take the core from whoever has some: beside a camera, an encoder or a
    # training, spinning doubled the time of an inference and tripled its CPU time. Alone it gains a few per cent.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions share no public base class
        raise BundleCorrupt(f"model.onnx: onnxruntime cannot open it: {error}") from error
    _check_started(providers, session.get_providers())
    return session


def _check_installed(wanted: list[str]) -> None:
    available = onnxruntime.get_available_providers()
    for name in wanted:
        if name not in available:
            package = _BROUGHT_BY.get(name)
            advice = f"; the package {package}, in place of onnxruntime, brings it" if package else ""
            raise SettingsInvalid(f"execution provider {name}: expected one of {available}{advice}")


def _check_started(wanted: list[str], running: list[str]) -> None:
    """What cannot start is left out by onnxruntime with no more than a line in its log, and the line gets slow."""
    for name in wanted:
        if name not in running:
            raise SettingsInvalid(
                f"execution provider {name}: installed, but it does not start here; are its device and libraries there?"
            )
