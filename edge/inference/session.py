"""An onnxruntime session with the threads and providers of the settings."""

from typing import Annotated, Any

import onnxruntime
from pydantic import Field

from edge.contract.errors import BundleCorrupt, SettingsInvalid
from edge.contract.values import Value

__all__ = ["InferenceSettings", "open_session"]


class InferenceSettings(Value):
    """How the model runs on this box."""

    providers: Annotated[
        tuple[str, ...], Field(min_length=1, description="onnxruntime execution providers, best first")
    ] = ("CPUExecutionProvider",)
    threads: Annotated[int, Field(ge=0, le=256, description="threads of one inference; 0 = one per core")] = 0


def open_session(model: bytes, settings: InferenceSettings) -> Any:
    """Open a session for an ONNX graph in memory.

    Raises:
        SettingsInvalid: a provider that this installation of onnxruntime does not have.
        BundleCorrupt: the graph cannot be opened.
    """
    _check_providers(settings.providers)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin while they wait for work take the core from whoever has some: beside a camera, an encoder or a
    # training, spinning doubled the time of an inference and tripled its CPU time. Alone it gains a few per cent.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=list(settings.providers))
    except Exception as error:  # onnxruntime's exceptions share no public base class
        raise BundleCorrupt(f"model.onnx: onnxruntime cannot open it: {error}") from error


def _check_providers(wanted: tuple[str, ...]) -> None:
    available = onnxruntime.get_available_providers()
    missing = [name for name in wanted if name not in available]
    if missing:
        raise SettingsInvalid(f"execution providers {missing} are not in this onnxruntime; it has {available}")
