"""Pixels to the network's input: the only implementation, for training, evaluation, parity check and the line."""

from edge.preprocess.decode import decode, encode_png, media_type_of
from edge.preprocess.geometry import preprocess

__all__ = ["decode", "encode_png", "media_type_of", "preprocess"]
