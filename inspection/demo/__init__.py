"""The main job on one machine: train, serve, inspect, review, learn, on real solar cells."""

from inspection.demo.command import build_parser, main

__all__ = ["build_parser", "main"]
