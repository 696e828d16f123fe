"""Facts of the ledger."""

from random import Random
from threading import Event, Thread

from edge.contract.result import Outcome, Verdict
from edge.station.ledger import Ledger, Ticket
from tests.support.edge_fakes import frame

SETTLEMENTS = (
    (Outcome.VERDICT, Verdict.PASS),
    (Outcome.VERDICT, Verdict.FAIL),
    (Outcome.TIMEOUT, Verdict.UNDECIDED),
    (Outcome.DROP, Verdict.UNDECIDED),
)


def test_a_ticket_settles_exactly_once() -> None:
    """The first one wins; the second one is told so and changes nothing."""
    ledger = Ledger()
    ticket = ledger.open(frame(), "part")
    assert ledger.settle(ticket, Outcome.TIMEOUT, Verdict.UNDECIDED) is not None
    assert ledger.settle(ticket, Outcome.VERDICT, Verdict.PASS) is None
    counts = ledger.counts()
    assert (counts.triggers, counts.timeouts, counts.verdicts, counts.passed) == (1, 1, 0, 0)


def test_a_settled_ticket_holds_no_frame() -> None:
    """So that waiting for its deadline costs no memory."""
    ledger = Ledger()
    ticket = ledger.open(frame(), "part")
    ledger.settle(ticket, Outcome.VERDICT, Verdict.PASS)
    assert ticket.frame is None


def test_numbers_go_on_after_the_last_process() -> None:
    """The trigger counter survives a restart."""
    assert Ledger(last_sequence=41).open(frame(), "part").sequence == 42


def test_drops_are_counted_by_reason() -> None:
    """A full inbox and a stopping station are told apart."""
    ledger = Ledger()
    for reason in ("inbox full", "inbox full", "station stopping"):
        ledger.settle(ledger.open(frame(), "part"), Outcome.DROP, Verdict.UNDECIDED, reason)
    assert ledger.counts().drop_reasons == {"inbox full": 2, "station stopping": 1}


class Race:
    """Threads that open tickets and settle each of them, some twice at once, some by two threads.

    Attributes:
        ledger: what they use.
        wins: sequence number of every settlement that won.
    """

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.wins: list[int] = []

    def work(self, seed: int, triggers: int) -> None:
        """Open tickets, settle them in random order."""
        random, waiting = Random(seed), []
        for _ in range(triggers):
            waiting.append(self.ledger.open(frame(), "part"))
            while waiting and random.random() < 0.6:
                self.settle_twice(waiting.pop(random.randrange(len(waiting))), random)
        for ticket in waiting:
            self.settle_twice(ticket, random)

    def settle_twice(self, ticket: Ticket, random: Random) -> None:
        """Here and, now and then, in another thread at the same time."""
        first, second = random.choice(SETTLEMENTS), random.choice(SETTLEMENTS)
        if random.random() < 0.1:
            rival = Thread(target=self.settle, args=(ticket, *second))
            rival.start()
            self.settle(ticket, *first)
            rival.join()
        else:
            self.settle(ticket, *first)
            self.settle(ticket, *second)

    def settle(self, ticket: Ticket, outcome: Outcome, verdict: Verdict) -> None:
        """Note who won."""
        if self.ledger.settle(ticket, outcome, verdict) is not None:
            self.wins.append(ticket.sequence)


def test_it_balances_at_every_moment_under_threads() -> None:
    """Four threads race; every snapshot on the way is validated, and each ticket has one winner."""
    race, done, snapshots = Race(), Event(), []

    def watch() -> None:
        while not done.is_set():
            snapshots.append(race.ledger.counts())  # LedgerCounts refuses to exist unbalanced

    watcher, workers = Thread(target=watch), [Thread(target=race.work, args=(seed, 500)) for seed in range(4)]
    for thread in (watcher, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    watcher.join()
    counts = race.ledger.counts()
    assert (counts.triggers, counts.in_flight) == (2000, 0)
    assert sorted(race.wins) == list(range(1, 2001))
    assert [s.triggers for s in snapshots] == sorted(s.triggers for s in snapshots)
    assert len(snapshots) > 1
