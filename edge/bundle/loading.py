"""Verify, open, warm up and check a bundle: only then may it judge a part."""

from pathlib import Path
from typing import Any

import numpy as np

from edge.bundle.parity import unpack_parity
from edge.contract.archive import MODEL, PARITY, SealedBundle, open_sealed
from edge.contract.errors import BundleMismatch
from edge.contract.manifest import Manifest
from edge.contract.signature import TrustedKeys
from edge.inference.detector import Detector
from edge.inference.session import InferenceSettings, open_session

__all__ = ["load_detector"]


def load_detector(path: Path, trusted: TrustedKeys, settings: InferenceSettings, recipe: str | None = None) -> Detector:
    """Open a bundle for judging; the parity sample warms the session up.

    Args:
        path: the bundle file.
        trusted: keys whose bundles may run here.
        settings: threads and providers.
        recipe: the part type that this line makes; None accepts any.

    Raises:
        BundleRefused: corrupt, unsigned, too new, for another part type, or this box computes other scores;
            a running station keeps the bundle it has.
    """
    sealed = open_sealed(path, trusted)
    _check_recipe(path, sealed.manifest, recipe)
    session = open_session(sealed.files[MODEL], settings)
    _check_graph(path, sealed.manifest, session)
    detector = Detector(sealed.id, sealed.manifest, session)
    _check_parity(path, sealed, detector)
    return detector


def _check_recipe(path: Path, manifest: Manifest, recipe: str | None) -> None:
    if recipe is not None and manifest.recipe != recipe:
        raise BundleMismatch(f"{path}: expected a bundle for part type {recipe!r}, got one for {manifest.recipe!r}")


def _check_graph(path: Path, manifest: Manifest, session: Any) -> None:
    spec, graph = manifest.preprocess, session.get_inputs()[0]
    expected = [spec.height_px, spec.width_px, 3]
    got = (graph.name, graph.type, list(graph.shape[1:]))
    if got != (manifest.graph.input_name, "tensor(uint8)", expected):
        raise BundleMismatch(
            f"{path}: the manifest says input {manifest.graph.input_name!r}, tensor(uint8), N x {expected}; "
            f"the graph has {graph.name!r}, {graph.type}, {graph.shape}"
        )
    names = {output.name for output in session.get_outputs()}
    if not set(manifest.graph.outputs) <= names:
        raise BundleMismatch(
            f"{path}: the manifest says outputs {manifest.graph.outputs}, the graph has {sorted(names)}"
        )


def _check_parity(path: Path, sealed: SealedBundle, detector: Detector) -> None:
    pixels, expected = unpack_parity(sealed.files[PARITY])
    # One by one, as on the line: this also warms the session up for a batch of one.
    tiles = sealed.manifest.preprocess.tile_count
    parts = pixels.reshape(-1, tiles, *pixels.shape[-3:])
    got = np.array([detector.run(part).score[0] for part in parts])
    difference = float(np.max(np.abs(got - expected), initial=0.0))
    if not difference <= sealed.manifest.parity.tolerance:
        raise BundleMismatch(
            f"{path}: this machine computes scores that differ by {difference:.3g} from those at export, "
            f"tolerance {sealed.manifest.parity.tolerance:.3g}"
        )
