"""Facts of the outputs and of their lanes."""

import json
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from edge.backoff import Backoff
from edge.contract.errors import OutputFailed
from edge.contract.result import InspectionResult
from edge.outputs.build import build_output
from edge.outputs.lane import OutputLane
from edge.outputs.log import LogOutput
from edge.outputs.settings import LogOutputSettings, WebhookOutputSettings
from edge.outputs.webhook import WebhookOutput
from tests.support.edge_fakes import FakeOutput, eventually, result

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
    assert made.status().given_up == 1


def test_a_stuck_output_delays_nobody_and_its_overflow_is_counted() -> None:
    """The other output has everything while this one hangs; its oldest results make room."""
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


def test_stopping_offers_what_still_waits_once_more() -> None:
    output = FakeOutput()
    made = lane(output)
    for sequence in (1, 2, 3):
        made.put(result(sequence))
    made.stop()
    assert [r.sequence for r in output.sent] == [1, 2, 3]


def webhook(answer: httpx.MockTransport, **settings: object) -> WebhookOutput:
    """A webhook whose network is a function."""
    return WebhookOutput(WebhookOutputSettings(kind="webhook", url=URL, **settings), answer)


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


def test_settings_choose_the_output(tmp_path: Path) -> None:
    assert isinstance(build_output(LogOutputSettings(kind="log", path=tmp_path / "x")), LogOutput)
    made = build_output(WebhookOutputSettings(kind="webhook", url=URL))
    assert isinstance(made, WebhookOutput)
    made.close()
