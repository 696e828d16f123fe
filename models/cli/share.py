"""`inspection share`."""

import argparse
import sys
from datetime import UTC, datetime

import numpy as np

from edge.bundle.parity import pack_parity, unpack_parity
from edge.contract.archive import MODEL, PARITY, SealedBundle, file_entries, open_sealed, write_sealed
from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_key_path, trust_from
from edge.contract.manifest import Manifest
from edge.contract.signature import SigningKey
from edge.contract.terminal import ExitCode, print_json
from edge.inference import InferenceSettings, open_session
from models.cli.writable import check_writable

__all__ = ["REVEALED", "run"]

REVEALED = (
    "the mean of the network's features at each place of a good part, from which a blurred part may be guessed",
    "how features of good parts vary, and single ones of them where parts move or there were few (coreset)",
    "what labelled defects look like to the network, and the names of their types",
    "how single places of parts that were accepted as good differ from other good parts",
    "scores of held-out parts, numbers of images, and the recipe's name",
    "where the region of interest lies, and what is ignored in it",
)
"""What a shared bundle still tells of the plant that made it."""


def run(options: argparse.Namespace) -> ExitCode:
    """Write the bundle without any picture of a part, and say what it still reveals.

    Raises:
        SettingsInvalid: it holds a golden image, which other stations need to align parts.
    """
    check_writable("--out", options.out)
    sealed = open_sealed(options.bundle, trust_from(options.trust))
    if sealed.manifest.preprocess.alignment is not None and not options.with_golden:
        raise SettingsInvalid(
            f"{options.bundle}: it aligns parts to a golden image, which is a picture of a part; "
            "--with-golden shares it all the same"
        )
    bundle_id = _write(options, sealed)
    answer = {"bundle": str(options.out), "bundle_id": bundle_id, "parent": sealed.id, "reveals": list(REVEALED)}
    if options.json:
        print_json(answer)
    else:
        told = "".join(f"  - {sentence}\n" for sentence in REVEALED)
        sys.stdout.write(f"{options.out}: bundle {bundle_id[:12]}, without pictures. It still tells:\n{told}")
    return ExitCode.OK


def _write(options: argparse.Namespace, sealed: SealedBundle) -> str:
    """Noise takes the place of the pictures by which a station checks itself."""
    manifest, model = sealed.manifest, sealed.files[MODEL]
    pictures, _ = unpack_parity(sealed.files[PARITY])
    noise = np.random.default_rng(0).integers(0, 256, pictures.shape, dtype=np.uint8)
    session = open_session(model, InferenceSettings())
    parts = noise.reshape(-1, manifest.preprocess.tile_count, *noise.shape[-3:])
    scores = [session.run(["score"], {manifest.graph.input_name: part})[0] for part in parts]
    files = {MODEL: model, PARITY: pack_parity(noise, np.concatenate(scores))}
    changed = _without_names(manifest).model_copy(update={"files": file_entries(files)})
    changed = changed.model_copy(
        update={
            "created_at": datetime.now(UTC),
            "provenance": manifest.provenance.model_copy(update={"parent_bundle_id": sealed.id}),
        }
    )
    return write_sealed(options.out, changed, files, SigningKey.load_or_create(options.key or local_key_path()))


def _without_names(manifest: Manifest) -> Manifest:
    """File names may hold orders and customers."""
    return manifest.model_copy(update={"data": manifest.data.model_copy(update={"skipped_unreadable": ()})})
