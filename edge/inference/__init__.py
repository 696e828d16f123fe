"""onnxruntime: from pixels to a judgement."""

from edge.inference.compression import CompressionWatch
from edge.inference.detector import Detector, Judgement
from edge.inference.session import InferenceSettings, open_session

__all__ = ["CompressionWatch", "Detector", "InferenceSettings", "Judgement", "open_session"]
