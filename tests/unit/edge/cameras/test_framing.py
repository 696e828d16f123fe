"""Facts of the names of parts that nobody else names."""

import re

from edge.cameras.framing import PartCounter
from tests.support.edge_fakes import FakeClock


def test_a_box_without_a_clock_gives_no_name_twice() -> None:
    """It starts in 1970 each time, or at the time of its last image; a name is the camera, that time, and a number."""
    starts = [PartCounter("top", FakeClock()) for _ in range(4)]
    names = [[start.next_id() for _ in range(2)] for start in starts]
    assert len({first for first, _ in names}) > 1
    for first, second in names:
        assert re.fullmatch(r"top-\d{6}-\d{6}-[0-9a-f]{4}-000001", first)
        assert second == first[:-1] + "2"
