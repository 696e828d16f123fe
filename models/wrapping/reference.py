"""What a wrapped graph has to say, computed beside it: the foreign graph as its own tool would call it, in numpy."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from edge.inference import InferenceSettings, open_session
from edge.inference.detector import GraphOutput, graph_output
from models.wrapping.request import ForeignInput, ForeignOutput
from models.wrapping.surgery import GREY, NO_CERTAINTY, ForeignGraph

__all__ = ["expected_output"]


def expected_output(
    foreign: ForeignGraph, takes: ForeignInput, gives: ForeignOutput, pixels: NDArray[np.uint8]
) -> GraphOutput:
    """Judge `(N, 1, H, W, 3)` uint8 inputs, one part at a time."""
    session = open_session(bytes(foreign.model.SerializeToString()), InferenceSettings())
    parts = [_judge(session, foreign, takes, gives, part) for part in pixels]
    scores, maps, classes = zip(*parts, strict=True)
    return graph_output(
        {"score": np.array(scores, np.float32), "map": np.stack(maps), "class_score": np.stack(classes)}
    )


def _judge(
    session: Any, foreign: ForeignGraph, takes: ForeignInput, gives: ForeignOutput, part: NDArray[np.uint8]
) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
    """Score, map `(H, W)` and class scores of one part."""
    values = session.run(list(gives.names), {foreign.input_name: _image(foreign, takes, part)})
    said = {name: value[0] for name, value in zip(gives.names, values, strict=True)}
    amap = _map(gives, said)
    if gives.score is not None:
        score = said[gives.score].reshape(-1)[0]
    else:
        score = amap.max() if gives.logits is None else _log_odds(said[gives.logits], gives.good_class)
    whole = cv2.resize(amap, foreign.size_px, interpolation=cv2.INTER_LINEAR)
    return float(score), np.asarray(whole, np.float32), _class_score(gives, said)


def _image(foreign: ForeignGraph, takes: ForeignInput, part: NDArray[np.uint8]) -> NDArray[np.float32]:
    image = part.astype(np.float64)
    if takes.colour == "bgr":
        image = image[..., ::-1]
    if takes.colour == "grey":
        image = image @ np.array(GREY)[:, np.newaxis]
    image = (image / takes.scale - np.array(takes.mean)) / np.array(takes.std)
    if takes.layout == "nchw":
        image = image.transpose(0, 3, 1, 2)
    return np.repeat(image, foreign.batch or 1, axis=0).astype(np.float32)


def _map(gives: ForeignOutput, said: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    if gives.map is not None:
        return said[gives.map].reshape(said[gives.map].shape[-2:])
    if gives.segmentation is not None:
        return np.asarray(_log_odds(said[gives.segmentation], gives.good_class), np.float32)
    return np.zeros((1, 1), np.float32)


def _log_odds(logits: NDArray[np.float32], good: int) -> NDArray[np.float32]:
    """Along the first axis."""
    if len(logits) == 1:
        return np.asarray(logits[0])
    others = np.delete(logits, good, axis=0)
    return np.asarray(logsumexp(others, axis=0) - logits[good], np.float32)


def _class_score(gives: ForeignOutput, said: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    if gives.logits is None or not gives.classes:
        return np.zeros(0, np.float32)
    probability = np.delete(softmax(said[gives.logits].astype(np.float64)), gives.good_class)
    return np.asarray(-np.log10(np.maximum(1 - probability, NO_CERTAINTY)), np.float32)
