"""What the demo reports of latencies."""

import pytest

from edge.window import percentiles
from inspection.demo.figures import latency


@pytest.mark.parametrize("values", [[5.0], [1.0, 9.0], [4.0, 2.0, 1.0, 3.0], [float(value) for value in range(60)]])
def test_percentiles_of_few_parts_are_those_that_a_station_tells(values: list[float]) -> None:
    assert latency([*values, None]) == percentiles(values).model_dump()


def test_no_part_has_no_latency() -> None:
    assert latency([None]) == {"p50": None, "p99": None}
