"""Pixels to the network's input: the only implementation, for training, evaluation, parity check and the line."""

from edge.preprocess.decode import decode, encode_png, media_type_of
from edge.preprocess.geometry import NetworkInput, map_in_roi, preprocess, preprocess_mask, whole_map
from edge.preprocess.statistics import image_statistics

__all__ = [
    "NetworkInput",
    "decode",
    "encode_png",
    "image_statistics",
    "map_in_roi",
    "media_type_of",
    "preprocess",
    "preprocess_mask",
    "whole_map",
]
