"""One word for what people have said of a part."""

import pytest

from inspection.review.states import PartState, state_of


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], None),
        (["good"], PartState.ONCE),
        (["defect"], PartState.ONCE),
        (["unsure"], PartState.OPEN),
        (["good", "good"], PartState.KNOWN),
        (["defect", "defect", "defect"], PartState.KNOWN),
        (["good", "defect"], PartState.OPEN),
        (["good", "good", "unsure"], PartState.OPEN),
    ],
)
def test_the_state_follows_from_the_labels_that_stand(said: list[str], state: PartState | None) -> None:
    assert state_of(said) is state
