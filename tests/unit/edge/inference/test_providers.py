"""Facts of choosing what computes, and of batches."""

from typing import Any

import numpy as np
import onnxruntime
import pytest

from edge.contract.errors import SettingsInvalid
from edge.inference import InferenceSettings, open_session
from tests.support.tiny_bundle import SIZE, tiny_graph


@pytest.mark.parametrize("name", ["cpu", "CPU", "CPUExecutionProvider"])
def test_a_provider_goes_by_its_short_name_and_by_its_own(name: str) -> None:
    session = open_session(tiny_graph(), InferenceSettings(providers=(name,), threads=1))
    assert session.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize(
    ("name", "own", "package"),
    [
        ("openvino", "OpenVINOExecutionProvider", "onnxruntime-openvino"),
        ("cuda", "CUDAExecutionProvider", "onnxruntime-gpu"),
        ("tensorrt", "TensorrtExecutionProvider", "onnxruntime-gpu"),
    ],
)
def test_an_absent_provider_is_named_with_the_package_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, name: str, own: str, package: str
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(SettingsInvalid, match=rf"{own}: expected one of \['CPUExec.*{package}, in place of onnxr"):
        open_session(tiny_graph(), InferenceSettings(providers=(name, "cpu")))


def test_a_misspelt_provider_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="execution provider cudda: expected one of"):
        open_session(tiny_graph(), InferenceSettings(providers=("cudda",)))


class WithoutDevice:
    """A session as onnxruntime opens it where CUDA is installed and there is no card: on the processor, silently."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def get_providers(self) -> list[str]:
        """What runs."""
        return ["CPUExecutionProvider"]


def test_a_provider_that_does_not_start_is_no_silent_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: installed)
    monkeypatch.setattr(onnxruntime, "InferenceSession", WithoutDevice)
    with pytest.raises(SettingsInvalid, match="CUDAExecutionProvider: installed, but it does not start here"):
        open_session(tiny_graph(), InferenceSettings(providers=("cuda",)))


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_batch_of_any_size_goes_through_one_session(parts: int) -> None:
    session = open_session(tiny_graph(), InferenceSettings(threads=1))
    score, maps = session.run(["score", "map"], {"pixels": np.full((parts, SIZE, SIZE, 3), 128, np.uint8)})
    assert (score.shape, maps.shape) == ((parts,), (parts, SIZE, SIZE))
