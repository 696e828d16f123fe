"""Facts of the inbox that serves cameras in turn."""

from threading import Thread

from edge.station.inbox import FairInbox
from edge.station.ledger import Ticket


def ticket(number: int) -> Ticket:
    """One trigger."""
    return Ticket(number, "part", f"p-{number}", 0, None)


def served(inbox: FairInbox, count: int) -> list[int]:
    """Numbers in the order of service."""
    found = [inbox.get(0.0) for _ in range(count)]
    return [item.sequence for item in found if item is not None]


def test_a_fast_camera_does_not_push_a_slow_one_aside() -> None:
    inbox = FairInbox(10)
    for number in range(1, 7):
        inbox.put(ticket(number), "fast")
    inbox.put(ticket(100), "slow")
    inbox.put(ticket(101), "slow")
    assert served(inbox, 8) == [1, 100, 2, 101, 3, 4, 5, 6]
    assert inbox.waiting() == 0


def test_each_camera_has_its_own_limit() -> None:
    inbox = FairInbox(2)
    assert [inbox.put(ticket(n), "a") for n in range(3)] == [True, True, False]
    assert inbox.put(ticket(9), "b")
    assert inbox.waiting() == 3


def test_who_waits_is_woken_by_a_ticket_or_by_the_end() -> None:
    inbox = FairInbox(1)
    for act in (lambda: inbox.put(ticket(1), "a"), inbox.wake):
        thread = Thread(target=act)
        thread.start()
        inbox.get(20.0)
        thread.join()
    assert inbox.get(0.0) is None
