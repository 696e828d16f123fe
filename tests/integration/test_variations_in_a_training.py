"""What a training hands to its heads of labelled parts, up to the point where they learn."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from edge.contract.signature import SigningKey
from models.heads.defect import LabelledFeatures
from models.progress import Progress
from models.training import train as training
from models.training.request import TrainRequest
from tests.support.textures import DataFolder


class _Enough(Exception):
    """The heads were about to learn."""


@pytest.mark.parametrize(("goods", "variations"), [(24, None), (170, 12)])
def test_labelled_parts_are_varied_where_parts_are_told_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goods: int, variations: int | None
) -> None:
    """Few goods tell no part as a whole, and nothing is spent on variations."""
    folder = DataFolder(tmp_path).add_goods(range(goods), 64).add_scratches(range(900, 902), 64)
    learn = Mock(side_effect=_Enough)
    monkeypatch.setattr(training, "learn", learn)
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    request = TrainRequest(folder.root, tmp_path / "a.bundle", key, "part", defects=folder.defects, size_px=64)
    with pytest.raises(_Enough):
        training.train(request, Progress({}, as_json=False))
    labelled: LabelledFeatures = learn.call_args.args[1]
    varied = labelled.varied
    assert (None if varied is None else len(varied.of)) == variations
    assert varied is None or varied.features.shape[1:] == labelled.features.shape[1:]
