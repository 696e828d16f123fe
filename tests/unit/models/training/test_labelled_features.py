"""What is learnt of labelled parts: features, marks, and the same parts as if they lay a little otherwise."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edge.contract.manifest import PreprocessSpec
from edge.contract.picture import SmallPicture
from models.data.folder import LabelledImage
from models.data.images import ImageSet
from models.data.variations import varied
from models.training.labelled import labelled_features

SPEC = PreprocessSpec(width_px=32, height_px=32)
CLASSES = ("dent", "scratch")


def means(pixels: NDArray[np.uint8], step: str) -> torch.Tensor:
    """Features `(N, 4, 1)`: the mean of each quarter of an image."""
    assert step == "features of defects"
    quarters = pixels[:, 0].reshape(-1, 2, 16, 2, 16, 3).mean(axis=(2, 4, 5))
    return torch.from_numpy(quarters.reshape(-1, 4, 1)).float()


def image_set(*types: str) -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (len(types), 1, 32, 32, 3), np.uint8)
    mask = np.zeros((32, 32), np.bool_)
    mask[20, 3] = True
    items = [LabelledImage(Path(f"{number}.png"), type_, Path("m.png")) for number, type_ in enumerate(types)]
    return ImageSet(items, pixels, [mask] * len(types), list(types), [], [])


def test_variations_follow_the_parts_and_know_whose_they_are() -> None:
    shown = image_set("scratch", "dent", "scratch")
    found = labelled_features(means, shown, CLASSES, SPEC, 16, varies=True)
    assert found is not None
    assert found.varied is not None
    assert (found.classes.tolist(), found.features.shape) == ([1, 0, 1], (3, 4, 1))
    assert found.marked.tolist() == [[False, False, True, False]] * 3
    assert found.varied.of.tolist() == [1] * 6 + [0] * 6 + [2] * 6
    for number in range(3):
        expected = means(varied(shown.pixels[number : number + 1], 2)[0], "features of defects")
        assert torch.equal(found.varied.features[found.varied.of == number], expected)
    others = found.only(torch.tensor([False, True, True]))
    assert others.varied is not None
    assert (others.varied.of.tolist(), others.classes.tolist()) == ([0] * 6 + [1] * 6, [0, 1])
    assert torch.equal(others.varied.features[6:], found.varied.features[12:])


@pytest.mark.parametrize("hidden", [False, True])
def test_nothing_is_varied_that_is_of_no_use_or_partly_hidden(*, hidden: bool) -> None:
    ignored = SmallPicture.of(np.eye(32, dtype=np.uint8) * 255)
    spec = SPEC.model_copy(update={"ignored": ignored}) if hidden else SPEC
    found = labelled_features(means, image_set("dent"), CLASSES, spec, 16, varies=hidden)
    assert found is not None
    assert found.varied is None


def test_without_defects_nothing_is_learnt() -> None:
    assert labelled_features(means, image_set(), CLASSES, SPEC, 16, varies=True) is None
