"""Facts of the thread that listens for triggers."""

import pytest

from edge.backoff import Backoff
from edge.contract.errors import ControllerLost
from edge.triggers.source import Listening, TriggerSource
from tests.support.edge_fakes import eventually


class FakeListening(Listening):
    """Cannot be heard for these reasons, one after the other; None for a look that succeeds, as all after them do."""

    def __init__(self, *reasons: str | None) -> None:
        self.reasons = list(reasons)
        self.looks = 0

    def listen(self) -> None:
        """The next of the script."""
        self.looks += 1
        reason = self.reasons.pop(0) if self.reasons else None
        if reason is not None:
            raise ControllerLost(reason)

    def close(self) -> None:
        """Nothing to close."""


def test_each_reason_of_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A network that was not up at boot, then a broker that refuses the password; the next outage is news again."""
    listening = FakeListening("no network", "no network", "wrong password", "no network", None, "no network")
    source = TriggerSource(listening)
    source._backoff = Backoff(0.0, 0.0)
    source.worker.start()
    eventually(lambda: source.connected and not listening.reasons)
    source.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "trigger cannot be heard: no network",
        "trigger cannot be heard: wrong password",
        "trigger cannot be heard: no network",
    ]
    assert source.last_error == "no network"
