"""How far from a changed spot a bundle's map shows it, in pixels down and right of it, on its good training images.

    .venv/bin/python bench/place_of_the_map.py PART.bundle ../shared/data/PART/train/good

A spot of 7x7 pixels is turned to its opposite, anywhere but near the border; what the map then shows more than before
has a middle. Mean, and its standard error. No defect and no test image takes part. Bundles of one tile, not aligned.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from edge.contract.archive import MODEL, open_sealed
from edge.contract.local_key import trust_from
from edge.inference import open_session
from models.two_callers import for_two_callers

_IMAGES, _SPOTS, _HALF, _BORDER_PX, _LEAST = 8, 40, 3, 64, 0.3


def main() -> None:
    """Change, look, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("goods", type=Path)
    options = parser.parse_args()
    sealed = open_sealed(options.bundle, trust_from(None))
    spec, name = sealed.manifest.preprocess, sealed.manifest.graph.input_name
    session = open_session(sealed.files[MODEL], for_two_callers())
    generator, beside = np.random.default_rng(0), []
    for path in sorted(options.goods.iterdir())[:_IMAGES]:
        read = np.asarray(cv2.imread(str(path)), np.uint8)
        picture = cv2.cvtColor(cv2.resize(read, spec.whole_px, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
        plain = session.run(["map"], {name: picture[None]})[0][0]
        for _ in range(_SPOTS):
            row, column = (int(generator.integers(_BORDER_PX, side - _BORDER_PX)) for side in plain.shape)
            spotted = picture.copy()
            spot = spotted[row - _HALF : row + _HALF + 1, column - _HALF : column + _HALF + 1]
            spot[:] = 255 - spot
            more = np.maximum(session.run(["map"], {name: spotted[None]})[0][0] - plain, 0)
            more[more < _LEAST * more.max()] = 0
            if more.any():
                down, right = (np.average(np.arange(len(sums)), weights=sums) for sums in (more.sum(1), more.sum(0)))
                beside.append((down - row, right - column))
    means, errors = np.mean(beside, axis=0), np.std(beside, axis=0) / len(beside) ** 0.5
    print(f"down {means[0]:+.1f} ± {errors[0]:.1f}, right {means[1]:+.1f} ± {errors[1]:.1f} px of {plain.shape}")


if __name__ == "__main__":
    main()
