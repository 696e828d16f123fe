"""Facts of the order in which verdicts are told."""

from functools import partial

from edge.station.ledger import Ticket
from edge.station.order import VerdictOrder
from tests.support.edge_fakes import frame


def ticket(sequence: int) -> Ticket:
    """One that is not settled."""
    return Ticket(sequence, "part", f"part-{sequence}", 0, frame())


def test_a_verdict_waits_for_those_before_it_and_no_longer() -> None:
    order, told = VerdictOrder(), list[int]()
    first, second, third = ticket(1), ticket(2), ticket(3)
    for one in (first, second, third):
        order.enter(one, "top")
    order.tell(third, "top", partial(told.append, 3))
    order.tell(second, "top", partial(told.append, 2))
    assert told == []
    order.tell(first, "top", partial(told.append, 1))
    assert told == [1, 2, 3]


def test_a_settled_ticket_holds_up_nobody() -> None:
    order, told = VerdictOrder(), list[int]()
    first, second = ticket(1), ticket(2)
    order.enter(first, "top")
    order.enter(second, "top")
    order.tell(second, "top", partial(told.append, 2))
    first.frame = None
    order.catch_up()
    assert told == [2]
    order.tell(first, "top", partial(told.append, 1))
    assert told == [2, 1]


def test_at_its_deadline_a_verdict_that_is_there_overtakes() -> None:
    order, told = VerdictOrder(), list[int]()
    first, second = ticket(1), ticket(2)
    order.enter(first, "top")
    order.enter(second, "top")
    assert not order.overtake(second)
    order.tell(second, "top", partial(told.append, 2))
    assert order.overtake(second)
    assert told == [2]
    order.tell(first, "top", partial(told.append, 1))
    assert told == [2, 1]


def test_a_place_may_be_left_that_the_deadline_has_taken_already() -> None:
    """Between entering and an inbox without room the deadline may strike."""
    order, told = VerdictOrder(), list[int]()
    first, second = ticket(1), ticket(2)
    order.enter(first, "top")
    first.frame = None
    order.catch_up()
    order.leave(first, "top")
    order.enter(second, "top")
    order.tell(second, "top", partial(told.append, 2))
    assert told == [2]
