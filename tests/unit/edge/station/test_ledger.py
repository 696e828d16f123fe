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
    ticket = ledger.open(frame())
    assert ledger.settle(ticket, Outcome.TIMEOUT, Verdict.UNDECIDED) is not None
    assert ledger.settle(ticket, Outcome.VERDICT, Verdict.PASS) is None
    counts = ledger.counts()
    assert (counts.triggers, counts.timeouts, counts.verdicts, counts.passed) == (1, 1, 0, 0)


def test_a_settled_ticket_holds_no_frame() -> None:
    """So that waiting for its deadline costs no memory."""
    ledger = Ledger()
    ticket = ledger.open(frame())
    ledger.settle(ticket, Outcome.VERDICT, Verdict.PASS)
    assert ticket.frame is None


def test_numbers_go_on_after_the_last_process() -> None:
    """The trigger counter survives a restart."""
    assert Ledger(last_sequence=41).open(frame()).sequence == 42


def test_drops_are_counted_by_reason() -> None:
    """A full inbox and a stopping station are told apart."""
    ledger = Ledger()
    for reason in ("inbox full", "inbox full", "station stopping"):
        ledger.settle(ledger.open(frame()), Outcome.DROP, Verdict.UNDECIDED, reason)
    assert ledger.counts().drop_reasons == {"inbox full": 2, "station stopping": 1}


def test_it_balances_at_every_moment_under_threads() -> None:
    """Four threads open, and settle each ticket twice in a race; every snapshot on the way is validated."""
    ledger, done, wins = Ledger(), Event(), []

    def work(seed: int) -> None:
        random = Random(seed)
        open_tickets: list[Ticket] = []
        for _ in range(500):
            open_tickets.append(ledger.open(frame()))
            while open_tickets and random.random() < 0.6:
                race(open_tickets.pop(random.randrange(len(open_tickets))), random)
        for ticket in open_tickets:
            race(ticket, random)

    def race(ticket: Ticket, random: Random) -> None:
        rival = Thread(target=settle, args=(ticket, random.choice(SETTLEMENTS))) if random.random() < 0.1 else None
        if rival is not None:
            rival.start()
        settle(ticket, random.choice(SETTLEMENTS))
        if rival is not None:
            rival.join()

    def settle(ticket: Ticket, how: tuple[Outcome, Verdict]) -> None:
        if ledger.settle(ticket, *how) is not None:
            wins.append(ticket.sequence)

    snapshots = []

    def watch() -> None:
        while not done.is_set():
            snapshots.append(ledger.counts())  # LedgerCounts refuses to exist unbalanced

    watcher, workers = Thread(target=watch), [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in (watcher, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    watcher.join()
    counts = ledger.counts()
    assert counts.triggers == 2000
    assert counts.in_flight == 0
    assert sorted(wins) == list(range(1, 2001))
    assert len(snapshots) > 1
