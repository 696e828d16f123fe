"""The critical path: from a frame to its verdict, and nothing else.

submit ─▶ ticket ─▶ inbox ─▶ judge threads ─▶ order ─▶ settle ─▶ publish
             └────▶ deadline thread ──────────────────▶ settle      (whichever is first)
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from edge.clock import Clock
from edge.contract.errors import FrameRejected
from edge.contract.frame import Frame, Pixels
from edge.contract.manifest import Roi
from edge.contract.result import InspectionResult, Outcome, Times, Verdict, new_result_id
from edge.contract.sentences import sentence
from edge.inference import CompressionWatch, Judgement
from edge.parts.views import View
from edge.station.deadline import DeadlineWatch
from edge.station.inbox import FairInbox
from edge.station.judge import Judge
from edge.station.ledger import Ledger, Listener, Ticket
from edge.station.order import VerdictOrder
from edge.station.recipes import Recipes
from edge.worker import Worker

__all__ = ["INBOX_FULL", "NO_BUNDLE", "NO_FRAME", "Line", "LineSettings", "Settled"]

_log = logging.getLogger(__name__)
_IDLE_S = 0.5
_MAX_REASON = 500

INBOX_FULL = sentence("inbox full")
STOPPING = sentence("station stopping")
NO_FRAME = sentence("no frame from the camera")
NO_BUNDLE = sentence("no bundle yet")


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The part of the station's settings that the critical path needs.

    Attributes:
        judges: frames that are judged at once.
    """

    station: str
    deadline_ms: float
    inbox_size: int
    judges: int = 1


@dataclass(frozen=True, slots=True)
class Settled:
    """A trigger with its one result, as it goes to everything that happens after the verdict.

    Attributes:
        result: what the outputs were told.
        frame: what was judged.
        judgement: with the anomaly map; None if it was not judged, or not in time.
        of_part: one view of several; the outputs hear of the part.
        roi: the bundle's region of interest, which the map covers; None for the whole frame.
    """

    result: InspectionResult
    frame: Frame
    judgement: Judgement | None = None
    roi: Roi | None = None
    of_part: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    """What there is to tell of a ticket: why it is UNDECIDED or dropped, or what a detector says."""

    reason: str | None
    detector: Judge | None = None
    judgement: Judgement | None = None


class Line:
    """Takes frames, gives exactly one result each.

    Order of calls: `start`; `submit`, or `expect` and then `supply`, from any thread; `stop`. After `stop` every frame
    is told UNDECIDED at once.

    Attributes:
        ledger: what became of every trigger.
        late: judgements that came after their deadline and were discarded.
        skipped: tickets whose deadline passed in the inbox, so that they were not judged at all.
    """

    def __init__(
        self,
        settings: LineSettings,
        ledger: Ledger,
        recipes: Recipes,
        publish: Callable[[Settled], None],
        clock: Clock,
    ) -> None:
        """Put the path together.

        Args:
            settings: names and limits.
            ledger: counts the triggers.
            recipes: which part type a trigger is of, and the detector that judges it now; asked once for each part,
                so that a swap falls between two.
            publish: is told each settled trigger, in the thread that settled it; must return at once.
            clock: time.
        """
        self.ledger = ledger
        self.late = 0
        self.skipped = 0
        self._settings = settings
        self._recipes = recipes
        self._publish = publish
        self._clock = clock
        self._compression = CompressionWatch()
        self._inbox = FairInbox(settings.inbox_size)
        self._order = VerdictOrder()
        self._gate = Lock()
        self._counting = Lock()
        self._accepting = True
        self._deadline = DeadlineWatch(settings.deadline_ms, self._expire, clock)
        names = ("judge", *(f"judge-{number}" for number in range(2, settings.judges + 1)))
        self._judges = tuple(Worker(name, self._step, wake=self._inbox.wake) for name in names)

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The threads of the critical path."""
        return (*self._judges, self._deadline.worker)

    @property
    def waiting(self) -> int:
        """Frames in the inbox."""
        return self._inbox.waiting()

    def start(self) -> None:
        """Start judging."""
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """Refuse new frames, settle what is in flight, end the threads."""
        with self._gate:
            self._accepting = False
        # The deadline settles everything, so this waits no longer than that.
        if not self.ledger.wait_until_settled(self._settings.deadline_ms / 1000 + 1):
            _log.error("triggers still in flight after the deadline: %s", self.ledger.counts())
        for worker in self.workers:
            worker.stop()

    def submit(self, frame: Frame, listener: Listener | None = None) -> int:
        """Count a trigger and have its frame judged; never waits.

        Args:
            frame: what to judge.
            listener: is told the result too.

        Returns:
            the trigger's sequence number.
        """
        with self._gate:
            ticket = self.ledger.open(frame, self._recipes.active, listener)
            refused = self._enqueue(ticket)
        if refused is None:
            self._deadline.watch(ticket)
        else:
            self._settle(ticket, Outcome.DROP, _Said(refused))
        return ticket.sequence

    def expect(self, part_id: str, view: View, listener: Listener | None = None, *, of_part: bool = False) -> Ticket:
        """Count a trigger whose frame is still to come; its deadline runs from now. Never waits.

        Without a frame by the deadline the line is told UNDECIDED, on time.

        Args:
            part_id: identity of the part.
            view: what the frame will show.
            listener: is told the result, too.
            of_part: one of several views: who publishes tells the outputs of the part instead.
        """
        now_us = self._clock.now_us()
        nothing_yet = Frame(None, part_id, view.name, self._clock.utc(), now_us, fault=NO_FRAME)
        with self._gate:
            ticket = self.ledger.open(nothing_yet, view.recipe or self._recipes.active, listener)
            ticket.of_part = of_part
            accepting = self._accepting
        if accepting:
            self._deadline.watch(ticket)
        else:
            self._settle(ticket, Outcome.DROP, _Said(STOPPING))
        return ticket

    def supply(self, ticket: Ticket, frame: Frame) -> bool:
        """Have the frame of an expected trigger judged; never waits.

        Returns:
            False if the trigger was settled before: its deadline passed without this frame.
        """
        with self._gate:
            if not self.ledger.attach(ticket, frame):
                return False
            refused = self._enqueue(ticket)
        if refused is not None:
            self._settle(ticket, Outcome.DROP, _Said(refused))
        return True

    def _enqueue(self, ticket: Ticket) -> str | None:
        """Why the ticket could not be queued, None if it is."""
        if not self._accepting:
            return STOPPING
        frame = ticket.frame
        if frame is None:
            return None
        self._order.enter(ticket, frame.camera)
        if self._inbox.put(ticket, frame.camera):
            return None
        self._order.leave(ticket, frame.camera)
        return INBOX_FULL

    def _step(self) -> None:
        ticket = self._inbox.get(_IDLE_S)
        if ticket is None:
            return
        frame = ticket.frame
        if frame is None:
            self._count_skipped()
        else:
            self._judge_ticket(ticket, frame)

    def _judge_ticket(self, ticket: Ticket, frame: Frame) -> None:
        detector = self._recipes.judge(ticket.recipe)
        if frame.pixels is None:
            said = _Said(frame.fault or "no pixels")
        elif detector is None:
            said = _Said(NO_BUNDLE)
        else:
            said = _judge_pixels(frame.pixels, detector)
        self._order.tell(ticket, frame.camera, lambda: self._settle(ticket, Outcome.VERDICT, said))
        if detector is not None and frame.pixels is not None:
            stored = None if frame.encoded is None else frame.encoded.media_type
            self._compression.look(detector.bundle_id, detector.manifest, stored)

    def _expire(self, ticket: Ticket) -> None:
        if self._order.overtake(ticket):
            return
        frame = ticket.frame
        missing = NO_FRAME if frame is not None and frame.fault == NO_FRAME else sentence("no verdict")
        late = sentence(f"{missing} within {self._settings.deadline_ms:g} ms")
        self._settle(ticket, Outcome.TIMEOUT, _Said(late))
        self._order.catch_up()

    def _settle(self, ticket: Ticket, outcome: Outcome, said: _Said) -> None:
        verdict = Verdict.UNDECIDED if said.judgement is None else said.judgement.verdict
        claimed = self.ledger.settle(ticket, outcome, verdict, said.reason)
        if claimed is None:
            # Only a judge can lose: the deadline was faster. (The deadline losing is the normal case.)
            self._count_late(outcome)
            return
        frame, listener = claimed
        result = self._result(ticket, frame, outcome, said)
        roi = None if said.detector is None else said.detector.manifest.preprocess.roi
        self._publish(Settled(result, frame, said.judgement, roi, ticket.of_part))
        if listener is not None:
            listener(result)

    def _count_late(self, outcome: Outcome) -> None:
        with self._counting:
            self.late += outcome is Outcome.VERDICT

    def _count_skipped(self) -> None:
        with self._counting:
            self.skipped += 1

    def _result(self, ticket: Ticket, frame: Frame, outcome: Outcome, said: _Said) -> InspectionResult:
        judgement, detector, reason = said.judgement, said.detector, said.reason
        run = None if judgement is None else (judgement.inference_start_us, judgement.inference_end_us)
        return InspectionResult(
            id=new_result_id(),
            station=self._settings.station,
            recipe=ticket.recipe,
            sequence=ticket.sequence,
            part_id=ticket.part_id,
            camera=frame.camera,
            verdict=Verdict.UNDECIDED if judgement is None else judgement.verdict,
            outcome=outcome,
            reason=None if reason is None else _text(reason),
            score=None if judgement is None else judgement.score,
            threshold=None if judgement is None else judgement.threshold,
            defect_class=None if judgement is None else judgement.defect_class,
            bundle_id=None if detector is None else detector.bundle_id,
            captured_at=frame.captured_at,
            session_run_ms=None if run is None else (run[1] - run[0]) / 1000,
            times=Times(
                trigger_us=ticket.trigger_us,
                frame_received_us=None if frame.fault == NO_FRAME else frame.received_us,
                inference_start_us=None if run is None else run[0],
                inference_end_us=None if run is None else run[1],
                verdict_us=self._clock.now_us(),
            ),
            statistics=None if judgement is None else judgement.statistics,
            source=frame.source,
        )


def _text(reason: str) -> str:
    """As the contract takes it: a name of a file may hold what is no text, and the line must hear all the same."""
    return reason.encode("utf-8", "replace").decode("utf-8")[:_MAX_REASON]


def _judge_pixels(pixels: Pixels, detector: Judge) -> _Said:
    try:
        judgement = detector.judge(pixels)
    except FrameRejected as error:
        return _Said(str(error), detector)
    except Exception as error:  # noqa: BLE001 - the line must hear something, and not PASS
        _log.exception("judging part failed unexpectedly")
        return _Said(f"internal error: {type(error).__name__}: {error}", detector)
    return _Said(judgement.reason, detector, judgement)
