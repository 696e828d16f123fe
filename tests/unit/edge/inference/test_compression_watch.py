"""Facts of frames in another compression than the model learnt from."""

import logging

import pytest

from edge.contract.manifest import Manifest
from edge.inference import CompressionWatch
from tests.support.tiny_bundle import tiny_manifest

PNG, JPEG, BMP = "image/png", "image/jpeg", "image/bmp"


def learnt_from(**formats: int) -> Manifest:
    """A manifest that says how its images were stored."""
    manifest = tiny_manifest({})
    data = manifest.data.model_copy(update={"formats": {f"image/{name}": count for name, count in formats.items()}})
    return manifest.model_copy(update={"data": data})


@pytest.mark.parametrize(
    ("manifest", "media_type", "told"),
    [
        (learnt_from(png=20), JPEG, True),
        (learnt_from(jpeg=20), PNG, True),
        (learnt_from(jpeg=20), None, True),
        (learnt_from(png=20), BMP, False),
        (learnt_from(png=20), None, False),
        (learnt_from(jpeg=20), JPEG, False),
        (learnt_from(jpeg=3, png=20), JPEG, False),
        (learnt_from(jpeg=3, png=20), PNG, False),
        (learnt_from(), JPEG, False),
    ],
)
def test_only_jpeg_against_without_loss_is_told(
    caplog: pytest.LogCaptureFixture, manifest: Manifest, media_type: str | None, *, told: bool
) -> None:
    with caplog.at_level(logging.WARNING):
        CompressionWatch().look("a" * 64, manifest, media_type)
    assert ("their compression alone can change a verdict" in caplog.text) is told


def test_it_is_told_once_for_each_bundle(caplog: pytest.LogCaptureFixture) -> None:
    watch = CompressionWatch()
    for bundle in ("a" * 64, "a" * 64, "b" * 64):
        watch.look(bundle, learnt_from(png=20), JPEG)
    assert len(caplog.records) == 2
    assert "frames come as image/jpeg, bundle aaaaaaaaaaaa learnt from 20 image/png" in caplog.text
