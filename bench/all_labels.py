"""How far a simple classifier gets with all labels of the solar cells, for comparison; prints JSON lines.

    PYTHONPATH=. .venv/bin/python bench/all_labels.py

Logistic regression on mean, maximum and deviation over each cell of the fast tier's features, ten-fold, judged on the
folds it has not seen. Good cells have defect probability 0, defective ones 1.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.accuracy import lay_out_cells
from edge.contract.manifest import PreprocessSpec
from models.backbones.lite import LiteTrunk
from models.data.folder import goods_in, test_images_in
from models.data.images import load_images
from models.features import PatchFeatures, extract
from models.progress import Progress

_QUIET = Progress({"cells": 1.0}, as_json=False)


def main() -> None:
    """Both types of cells."""
    for name in ("elpv_mono", "elpv_poly"):
        with tempfile.TemporaryDirectory() as temporary:
            folder = lay_out_cells(name, Path(temporary))
            cells = [*goods_in(folder), *test_images_in(folder)]
            images = load_images(cells, PreprocessSpec(width_px=256, height_px=256), _QUIET, "cells")
        features = extract(PatchFeatures(LiteTrunk()), images.pixels, _QUIET, "cells")
        of_cell = torch.cat([features.mean(dim=1), features.amax(dim=1), features.std(dim=1)], dim=1).numpy()
        bad = np.array([item.defect_type is not None for item in images.items])
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300, class_weight="balanced"))
        folds = StratifiedKFold(10, shuffle=True, random_state=0)
        scores = cross_val_predict(model, of_cell, bad, cv=folds, method="decision_function")
        counts = {"good": int((~bad).sum()), "defective": int(bad.sum())}
        print(json.dumps({"part": name, **counts, "image_auroc": round(float(roc_auc_score(bad, scores)), 4)}))


if __name__ == "__main__":
    main()
