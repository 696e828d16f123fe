"""Ids of results: no two are alike, and later ones come later in an index."""

from itertools import pairwise

import pytest

from edge.contract import result
from edge.contract.result import ID_DIGITS, new_result_id


def test_ids_made_at_once_are_all_different() -> None:
    ids = [new_result_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert {len(one) for one in ids} == {ID_DIGITS}
    assert len({one[-8:] for one in ids}) > 1990  # their ends are what shares are drawn by


def test_ids_of_later_parts_are_larger_for_a_thousand_years(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for seconds in (0, 1, 1_800_000_000, 1_800_000_000.0025, 32_000_000_000):
        monkeypatch.setattr(result.time, "time_ns", lambda at=seconds: int(at * 1e9))
        ids.append(new_result_id())
    assert all(before < after for before, after in pairwise(ids))
    assert {len(one) for one in ids} == {ID_DIGITS}
