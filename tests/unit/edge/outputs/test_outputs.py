"""Facts of the outputs and of their lanes."""

import csv
import json
import math
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from edge.backoff import Backoff
from edge.clock import Clock, SystemClock
from edge.contract.errors import OutputFailed, SettingsInvalid
from edge.contract.result import InspectionResult, Outcome, Times, Verdict
from edge.outputs.build import build_output
from edge.outputs.csv_log import COLUMNS, CsvOutput
from edge.outputs.lane import LaneSurroundings, OutputLane
from edge.outputs.log import LogOutput
from edge.outputs.modbus import handshake_of, registers_of
from edge.outputs.protocol import LineState
from edge.outputs.settings import (
    CsvOutputSettings,
    LogOutputSettings,
    ModbusOutputSettings,
    MqttOutputSettings,
    OpcUaOutputSettings,
    OutputSettings,
    WebhookOutputSettings,
)
from edge.outputs.webhook import WebhookOutput
from tests.support.edge_fakes import FakeClock, FakeOutput, eventually, result

URL = "http://plc.example/verdict"


def lane(output: FakeOutput, queue_size: int = 100, attempts: int = 3) -> OutputLane:
    """A lane that retries at once."""
    return OutputLane(output, queue_size, attempts, Backoff(0.0, 0.0))


def test_results_arrive_in_order() -> None:
    output = FakeOutput()
    made = lane(output)
    made.worker.start()
    results = [result(n) for n in range(1, 51)]
    for item in results:
        made.put(item)
    eventually(lambda: len(output.sent) == 50)
    made.stop()
    assert output.sent == results
    assert output.closed


def test_a_refused_result_is_tried_again() -> None:
    output = FakeOutput(refuse=2)
    made = lane(output)
    made.worker.start()
    made.put(result(1))
    eventually(lambda: output.sent)
    made.stop()
    status = made.status()
    assert (status.delivered, status.failed_tries, status.given_up) == (1, 2, 0)
    assert status.last_error == "output fake: busy"


def test_after_all_tries_it_is_given_up_counted_and_the_next_goes_on() -> None:
    output = FakeOutput(refuse=3)
    made = lane(output)
    made.worker.start()
    made.put(result(1))
    made.put(result(2))
    eventually(lambda: output.sent)
    made.stop()
    assert [r.sequence for r in output.sent] == [2]
    assert (made.status().given_up, output.forgotten) == (1, 1)


def _judged_now(sequence: int, clock: Clock) -> InspectionResult:
    return result(sequence, times=Times(trigger_us=0, frame_received_us=0, verdict_us=clock.now_us()))


def test_after_an_outage_an_ejector_hears_of_the_part_before_it_first(caplog: pytest.LogCaptureFixture) -> None:
    """Those that waited are too old to act on: each is counted, and told by the log, not by the output."""
    output, clock, given_up = FakeOutput(refuse=1), FakeClock(), []
    around = LaneSurroundings(clock=clock, done=lambda item, at_us: at_us is None and given_up.append(item.sequence))
    made = OutputLane(output, 100, 1000, Backoff(3600.0, 3600.0), around, max_age_s=2.0)
    made.worker.start()
    made.put(_judged_now(1, clock))
    eventually(lambda: made.status().failed_tries)
    for sequence in (2, 3):
        made.put(_judged_now(sequence, clock))
    clock.us += 3_000_000
    made.put(_judged_now(4, clock))
    made.stop()
    assert [item.sequence for item in output.sent] == [4]
    assert (made.status().given_up, given_up, output.forgotten) == (3, [1, 2, 3], 1)
    assert "output fake: 2 results became older than max_age_s and are given up" in caplog.text


def test_a_pause_between_two_tries_is_over_when_the_result_is_too_old() -> None:
    """Others wait behind it, which would become too old meanwhile: the next one is tried at once."""
    output = FakeOutput(refuse=1)
    made = OutputLane(output, 100, 1000, Backoff(3600.0, 3600.0), max_age_s=0.2)
    made.worker.start()
    made.put(_judged_now(1, SystemClock()))
    eventually(lambda: made.status().given_up)
    made.put(_judged_now(2, SystemClock()))
    eventually(lambda: made.status().delivered)
    made.stop()
    assert [item.sequence for item in output.sent] == [2]


def test_without_an_age_each_result_is_told_however_late() -> None:
    """Who keeps a record wants all of them."""
    output, clock = FakeOutput(), FakeClock()
    made = OutputLane(output, 100, 1, around=LaneSurroundings(clock=clock))
    made.put(_judged_now(1, clock))
    clock.us += 86_400_000_000
    made.worker.start()
    eventually(lambda: output.sent)
    made.stop()
    assert made.status().given_up == 0


def test_an_output_that_takes_nothing_is_shown_as_failing_until_it_does() -> None:
    """Also one without a sign of life of its own, or whose other side lives but takes no result."""
    output = FakeOutput(refuse=3)
    made = lane(output)
    made.worker.start()
    made.put(result(1))
    eventually(lambda: made.status().given_up)
    signs = len(output.states)
    eventually(lambda: len(output.states) > signs + 1)
    assert made.status().failing
    made.put(result(2))
    eventually(lambda: made.status().delivered)
    made.stop()
    assert not made.status().failing


def test_an_output_gives_signs_of_life_between_two_tries_of_one_result() -> None:
    """A controller whose program takes no result for a while must not take the station for dead."""
    output = FakeOutput(refuse=1)
    output.attend_every_s = 0.001
    made = OutputLane(output, 10, 2, Backoff(3600.0, 3600.0))
    made.worker.start()
    made.put(result(1))
    eventually(lambda: made.status().failed_tries)
    signs = len(output.states)
    eventually(lambda: len(output.states) > signs + 2)
    assert made.status().failed_tries == 1
    made.stop()
    assert made.status().given_up == 1


def test_an_error_that_no_output_expects_loses_no_result_uncounted() -> None:
    """A name that cannot be one of the network: the library raises no error of its own."""
    made = OutputLane(WebhookOutput(WebhookOutputSettings(kind="webhook", url="http://a..b/x")), 10, 2, Backoff(0, 0))
    made.worker.start()
    made.put(result(1))
    eventually(lambda: made.status().given_up)
    made.stop()
    status = made.status()
    assert (status.failed_tries, status.given_up, made.worker.faults) == (2, 1, 0)
    assert "UnicodeError" in str(status.last_error)


def test_a_stuck_output_delays_nobody_and_its_overflow_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    """The other output has everything while this one hangs; its oldest results make room, and the log says so."""
    stuck, free = FakeOutput("stuck"), FakeOutput("free")
    stuck.free.clear()
    lanes = [lane(stuck, queue_size=3), lane(free)]
    for made in lanes:
        made.worker.start()
    first = result(1)
    for made in lanes:
        made.put(first)
    eventually(lambda: lanes[0].status().waiting == 0)
    for sequence in range(2, 12):
        for made in lanes:
            made.put(result(sequence))
    eventually(lambda: len(free.sent) == 11)
    assert stuck.sent == []
    assert lanes[0].status().overflowed == 7
    stuck.free.set()
    eventually(lambda: len(stuck.sent) == 4)
    for made in lanes:
        made.stop()
    assert [r.sequence for r in stuck.sent] == [1, 9, 10, 11]
    assert caplog.text.count("output stuck: 7 results had no room in the queue and are given up") == 1


def test_stopping_offers_what_still_waits_once_more() -> None:
    output = FakeOutput()
    made = lane(output)
    for sequence in (1, 2, 3):
        made.put(result(sequence))
    made.stop()
    assert [r.sequence for r in output.sent] == [1, 2, 3]


def test_another_reason_of_the_same_outage_is_logged_once_too(caplog: pytest.LogCaptureFixture) -> None:
    """A broker that was away, and refuses the password when it is back."""

    class Refusing(FakeOutput):
        def send(self, result: InspectionResult) -> None:
            del result
            raise OutputFailed(next(reasons))

    reasons = iter(["away", "away", "wrong password", "away", "wrong password", *(f"try {n}" for n in range(20))])
    made = lane(Refusing(), attempts=20)
    made.worker.start()
    made.put(result(1))
    eventually(lambda: made.status().given_up)
    made.stop()
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == ["away", "wrong password", "try 0", "try 1", "try 2"]


def test_what_is_not_taken_before_the_end_is_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody can ask a process that has ended; its log stays."""
    output = FakeOutput(refuse=1)
    made = lane(output)
    for sequence in (1, 2, 3):
        made.put(result(sequence))
    made.stop()
    assert (made.status().given_up, made.status().waiting, output.sent) == (3, 0, [])
    assert "3 results that waited were not taken before the end" in caplog.text


def webhook(answer: httpx.MockTransport, **settings: object) -> WebhookOutput:
    """A webhook whose network is a function."""
    return WebhookOutput(WebhookOutputSettings(kind="webhook", url=URL, **settings), answer)


def test_a_token_that_no_header_can_carry_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsInvalid, match="key: expected one line of letters"):
        webhook(httpx.MockTransport(lambda _: httpx.Response(200)), bearer_token=SecretStr("schlüssel"))


def test_a_webhook_posts_the_result() -> None:
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    output, sent = webhook(httpx.MockTransport(take), bearer_token=SecretStr("k")), result(1)
    output.send(sent)
    output.close()
    assert InspectionResult.model_validate_json(seen[0].content) == sent
    assert seen[0].headers["authorization"] == "Bearer k"
    assert seen[0].headers["idempotency-key"] == sent.id


@pytest.mark.parametrize("status", [301, 404, 500])
def test_any_answer_but_2xx_is_a_failure(status: int) -> None:
    output = webhook(httpx.MockTransport(lambda _: httpx.Response(status)))
    with pytest.raises(OutputFailed, match=f"expected a 2xx answer, got {status}"):
        output.send(result(1))


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.InvalidURL("bad")])
def test_every_error_of_the_http_library_is_mapped(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(OutputFailed, match=type(error).__name__):
        webhook(httpx.MockTransport(fail)).send(result(1))


def test_the_log_has_one_json_object_a_line(tmp_path: Path) -> None:
    output = LogOutput(LogOutputSettings(kind="log", path=tmp_path / "deep" / "log.jsonl"))
    sent = [result(1), result(2)]
    for item in sent:
        output.send(item)
    output.close()
    lines = (tmp_path / "deep" / "log.jsonl").read_text().splitlines()
    assert [InspectionResult.model_validate(json.loads(line)) for line in lines] == sent


def test_a_log_that_cannot_be_written_says_so_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.mkdir()
    output = LogOutput(LogOutputSettings(kind="log", path=path))
    with pytest.raises(OutputFailed, match="directory"):
        output.send(result(1))
    path.rmdir()
    output.send(result(2))
    output.close()
    assert path.read_text().count("\n") == 1


@pytest.fixture(name="full_after")
def _full_after() -> Iterator[Callable[[int], None]]:
    """Lets files grow to this many bytes, as a full disk does; 0 makes room again."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size or before[0], before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("room", [20, 160])
def test_a_disk_that_is_full_in_the_middle_of_a_row_leaves_no_half_of_it(
    tmp_path: Path, full_after: Callable[[int], None], room: int
) -> None:
    """In the middle of the header, or of the first row."""
    path = tmp_path / "log.csv"
    output = CsvOutput(CsvOutputSettings(kind="csv", path=path))
    full_after(room)
    with pytest.raises(OutputFailed, match="too large"):
        output.send(result(1))
    full_after(0)
    output.send(result(1))
    output.send(result(2))
    output.close()
    with path.open(newline="") as file:
        rows = [(row["captured_at"], row["sequence"]) for row in csv.DictReader(file)]
    assert rows == [("2026-01-01T00:00:00Z", "1"), ("2026-01-01T00:00:00Z", "2")]


def test_a_table_that_is_moved_away_or_deleted_is_begun_anew(tmp_path: Path) -> None:
    """People and rotation take it away while the station runs; nobody would find what is written to it then."""
    path, taken = tmp_path / "log.csv", tmp_path / "yesterday.csv"
    output = CsvOutput(CsvOutputSettings(kind="csv", path=path))
    output.send(result(1))
    path.rename(taken)
    output.send(result(2))
    path.unlink()
    output.send(result(3))
    output.close()
    for file, sequence in ((taken, "1"), (path, "3")):
        with file.open(newline="") as table:
            assert [row["sequence"] for row in csv.DictReader(table)] == [sequence]


def test_half_a_line_of_a_station_that_lost_its_power_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"id": "half', "utf-8")
    output = LogOutput(LogOutputSettings(kind="log", path=path))
    output.send(result(1))
    output.close()
    half, whole = path.read_text("utf-8").splitlines()
    assert half == '{"id": "half'
    assert InspectionResult.model_validate_json(whole).sequence == 1


def test_settings_choose_the_output(tmp_path: Path) -> None:
    clock = SystemClock()
    assert isinstance(build_output(LogOutputSettings(kind="log", path=tmp_path / "x"), clock), LogOutput)
    assert isinstance(build_output(CsvOutputSettings(kind="csv", path=tmp_path / "x"), clock), CsvOutput)
    made = build_output(WebhookOutputSettings(kind="webhook", url=URL), clock)
    assert isinstance(made, WebhookOutput)
    made.close()


@pytest.mark.parametrize(
    ("package", "settings"),
    [
        ("pymodbus", ModbusOutputSettings(kind="modbus", host="plc")),
        ("paho", MqttOutputSettings(kind="mqtt", host="broker", topic="line1")),
        (
            "asyncua",
            OpcUaOutputSettings(kind="opcua", username="u", certificate_file=Path("c"), private_key_file=Path("k")),
        ),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, package: str, settings: OutputSettings
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsInvalid, match=rf"needs {package}, .*'inspection\[plc\]'"):
        build_output(settings, SystemClock())


def test_an_opc_ua_server_without_a_password_does_not_start() -> None:
    settings = OpcUaOutputSettings(kind="opcua", username="u", certificate_file=Path("c"), private_key_file=Path("k"))
    with pytest.raises(SettingsInvalid, match="password"):
        build_output(settings, SystemClock())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topic": "line1/"}, "topic"),
        ({"topic": "line/#"}, "topic"),
        ({"ca_file": "ca.pem"}, "need `tls = true`"),
        ({"password": "x"}, "needs a `username`"),
    ],
)
def test_mqtt_settings_that_do_not_go_together_are_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MqttOutputSettings.model_validate({"kind": "mqtt", "host": "h", "topic": "line1", **changes})


def test_a_topic_may_be_one_letter() -> None:
    """It was refused, by a pattern that let nobody see why."""
    assert MqttOutputSettings(kind="mqtt", host="b", topic="a").topic == "a"
    for topic in ("", "/", "a/", "#", "a+"):
        with pytest.raises(ValidationError):
            MqttOutputSettings(kind="mqtt", host="b", topic=topic)


def test_a_table_has_one_header_and_a_row_for_each_result(tmp_path: Path) -> None:
    """Also when it is opened again; a comma in a reason stays in its column."""
    settings = CsvOutputSettings(kind="csv", path=tmp_path / "deep" / "table.csv")
    for sequence in (1, 2):
        output = CsvOutput(settings)
        output.send(result(sequence, Verdict.UNDECIDED, reason="torn, cut off", score=None))
        output.close()
    with settings.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sequence"], row["verdict"], row["reason"], row["score"]) for row in rows] == [
        ("1", "UNDECIDED", "torn, cut off", ""),
        ("2", "UNDECIDED", "torn, cut off", ""),
    ]
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["frame_to_verdict_ms"] == "2.0"


@pytest.mark.parametrize(("spreadsheet", "told"), [(True, "'=1+1"), (False, "=1+1")])
def test_a_table_holds_nothing_that_a_spreadsheet_runs(tmp_path: Path, spreadsheet: bool, told: str) -> None:  # noqa: FBT001
    """A part's name comes from outside; a score is a number, and stays one. Who reads names back turns it off."""
    output = CsvOutput(CsvOutputSettings(kind="csv", path=tmp_path / "table.csv", spreadsheet=spreadsheet))
    output.send(result(part_id="=1+1", score=-1.5))
    output.close()
    with (tmp_path / "table.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["part_id"], row["score"]) == (told, "-1.5")


@pytest.mark.parametrize("register", [100, 102, 112])
def test_an_acknowledgement_in_a_register_that_the_station_writes_is_refused(register: int) -> None:
    """It would read its own handshake, and take each result for taken that no PLC has seen."""
    settings = {"kind": "modbus", "host": "plc", "register_base": 100, "part_id_registers": 4}
    with pytest.raises(ValidationError, match="expected one outside of 100 to 112, which the station writes, got"):
        ModbusOutputSettings(**settings, ack_register=register)
    written = registers_of(result(1), 4)
    assert ModbusOutputSettings(**settings, ack_register=100 + 3 + len(written)).ack_register == 113
    assert ModbusOutputSettings(**settings, ack_register=99).ack_register == 99


def test_registers_of_a_result() -> None:
    """Sequence, verdict, outcome, score, part id; big words first."""
    made = registers_of(result(70_000, Verdict.FAIL, part_id="é-12345", score=1.5), part_id_registers=3)
    assert made[:6] == [1, 4464, 2, 0, 0x3FC0, 0]
    assert b"".join(word.to_bytes(2, "big") for word in made[6:]) == b"-12345"


def test_a_part_that_was_not_judged_has_no_number_as_score() -> None:
    made = registers_of(result(1, Verdict.UNDECIDED, outcome=Outcome.DROP), part_id_registers=1)
    assert made[:4] == [0, 1, 3, 2]
    assert math.isnan(struct.unpack(">f", struct.pack(">HH", *made[4:6]))[0])


@pytest.mark.parametrize(("sequence", "handshake"), [(1, 1), (65_535, 65_535), (65_536, 1), (131_070, 65_535)])
def test_a_handshake_is_never_0_and_changes_with_every_result(sequence: int, handshake: int) -> None:
    assert handshake_of(sequence) == handshake


def test_an_output_is_attended_before_the_first_result_and_told_the_state() -> None:
    """So that a broker knows the station before it judges anything."""
    output, states = FakeOutput(), [LineState(ready=False, reasons=("no bundle yet",))]
    made = OutputLane(output, 10, 1, around=LaneSurroundings(state=lambda: states[-1]))
    made.worker.start()
    eventually(lambda: output.states)
    states.append(LineState(ready=True))
    made.put(result(1))
    eventually(lambda: output.states[-1].ready)
    made.stop()
    assert output.states[0].reasons == ("no bundle yet",)
    assert made.status().acknowledged_ms.p50 is not None


def test_an_output_that_is_away_is_shown_before_a_result_needs_it() -> None:
    output = FakeOutput()
    output.refuse_state = True
    made = lane(output)
    made.worker.start()
    eventually(lambda: made.status().failing)
    assert (made.status().last_error, made.status().failed_tries) == ("output fake: away", 0)
    made.put(result(1))
    eventually(lambda: made.status().delivered)
    made.stop()
