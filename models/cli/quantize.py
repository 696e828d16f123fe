"""`inspection quantize`."""

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np

from edge.bundle.parity import pack_parity, unpack_parity
from edge.contract.archive import MODEL, PARITY, SealedBundle, file_entries, open_sealed, write_sealed
from edge.contract.errors import DataInvalid, GateRefused
from edge.contract.local_key import local_key_path, trust_from
from edge.contract.manifest import ReducedPrecision
from edge.contract.signature import SigningKey
from edge.contract.terminal import ExitCode, print_json
from edge.inference import InferenceSettings, open_session
from models.cli.writable import check_writable
from models.data.folder import goods_in, test_images_in
from models.data.images import load_images
from models.export.half import to_fp16
from models.export.reduced import Comparison, compare, to_int8
from models.progress import Progress

__all__ = ["run"]

_CALIBRATED_ON = 100  # good parts: the ranges of activations hardly move with more
_STEPS = {"loading good parts": 1.0, "loading test images": 1.0}


def run(options: argparse.Namespace) -> ExitCode:
    """Take bits away, measure on the test images, and write a bundle only if it is faster and says the same.

    Raises:
        GateRefused: it is not, with what was measured; nothing was written.
        SettingsInvalid: what shall compute is not there.
        DataInvalid: the part is found in none of the images.
    """
    check_writable("--out", options.out)
    sealed = open_sealed(options.bundle, trust_from(options.trust))
    manifest, progress = sealed.manifest, Progress(_STEPS, as_json=options.progress_json)
    name, settings = manifest.graph.input_name, InferenceSettings(providers=tuple(options.provider or ("cpu",)))
    full = open_session(sealed.files[MODEL], settings)
    holdout = load_images(test_images_in(options.data), manifest.preprocess, progress, "loading test images")
    if not len(holdout):
        raise DataInvalid(f"{options.data}: the part is found in no test image, there is nothing to compare on")
    model = _reduced(options, sealed, progress)
    measured = compare(full, open_session(model, settings), name, holdout.pixels, manifest.calibration)
    if not measured.accepted:
        said = f"{options.precision.upper()}: expected it faster and of the same verdicts, got {measured}"
        raise GateRefused(f"{said}; no bundle was written")
    bundle_id = _write(options, sealed, model, measured, settings)
    answer = {"bundle": str(options.out), "bundle_id": bundle_id, **_told(measured, options.precision)}
    if options.json:
        print_json(answer)
    else:
        sys.stdout.write("".join(f"{key:<22} {value}\n" for key, value in answer.items()))
    return ExitCode.OK


def _reduced(options: argparse.Namespace, sealed: SealedBundle, progress: Progress) -> bytes:
    """The graph of fewer bits."""
    if options.precision == "fp16":
        return to_fp16(sealed.files[MODEL])
    some = goods_in(options.data)[:_CALIBRATED_ON]
    goods = load_images(some, sealed.manifest.preprocess, progress, "loading good parts")
    if not len(goods):
        raise DataInvalid(f"{options.data}: the part is found in no good image, there is nothing to quantise with")
    return to_int8(sealed.files[MODEL], sealed.manifest.graph.input_name, goods.pixels)


def _told(measured: Comparison, precision: str) -> dict[str, object]:
    """By the names of the command's answer: the time bears that of the precision."""
    return {f"{precision}_ms" if key == "reduced_ms" else key: value for key, value in asdict(measured).items()}


def _write(
    options: argparse.Namespace,
    sealed: SealedBundle,
    model: bytes,
    measured: Comparison,
    settings: InferenceSettings,
) -> str:
    """With a parity sample of its own: a processor that rounds otherwise refuses it, as any bundle."""
    manifest = sealed.manifest
    pixels, _ = unpack_parity(sealed.files[PARITY])
    session = open_session(model, settings)
    parts = pixels.reshape(-1, manifest.preprocess.tile_count, *pixels.shape[-3:])
    scores = [session.run(["score"], {manifest.graph.input_name: part})[0] for part in parts]
    files = {MODEL: model, PARITY: pack_parity(parts, np.concatenate(scores))}
    reduced = ReducedPrecision(
        images=measured.images,
        time_ratio=measured.time_ratio,
        max_score_difference=measured.max_score_difference,
        verdict_flips=measured.verdict_flips,
    )
    provenance = manifest.provenance.model_copy(update={"parent_bundle_id": sealed.id})
    changed = manifest.model_copy(
        update={
            options.precision: reduced,
            "provenance": provenance,
            "created_at": datetime.now(UTC),
            "files": file_entries(files),
        }
    )
    return write_sealed(options.out, changed, files, SigningKey.load_or_create(options.key or local_key_path()))
