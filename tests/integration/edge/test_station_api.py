"""A whole station in this process, asked over real HTTP on loopback."""

import re
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.cli.process import StationProcess
from edge.contract.errors import SettingsInvalid
from edge.contract.result import InspectionResult
from tests.support.certificates import write_certificates
from tests.support.edge_fakes import eventually, png
from tests.support.stations import StationFolder, station_process


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    return StationFolder(tmp_path)


@contextmanager
def running(folder: StationFolder, api: dict[str, Any] | None = None, **changes: Any) -> Iterator[httpx.Client]:
    """A station that listens on a free port."""
    process = StationProcess(folder.settings(api={"port": 0, **(api or {})}, **changes))
    try:
        process.start()
        with httpx.Client(base_url=f"http://{process.address}", trust_env=False, timeout=20) as client:
            eventually(lambda: client.get("/readyz").status_code == 200)
            yield client
    finally:
        process.stop()


def test_an_image_is_judged_by_the_real_model(folder: StationFolder) -> None:
    """The answer is the result itself, with its latency."""
    with running(folder) as client:
        good = client.post("/v1/inspect", content=png(), params={"part_id": "p-1"}).json()
        bad = client.post("/v1/inspect", content=png(255)).json()
    assert (good["verdict"], good["part_id"], good["bundle_id"]) == ("PASS", "p-1", folder.bundle_id)
    assert (bad["verdict"], bad["score"] > bad["threshold"]) == ("FAIL", True)
    assert good.pop("frame_to_verdict_ms") > 0
    assert InspectionResult.model_validate(good).sequence == 1
    assert [r["id"] for r in folder.results()] == [good["id"], bad["id"]]


def test_an_address_of_ipv6_is_told_so_that_it_can_be_asked(folder: StationFolder) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with running(folder, {"host": "::1"}) as client:
        assert client.base_url.host == "::1"


def test_a_client_that_goes_in_the_middle_of_an_image_is_no_fault_of_the_station(
    folder: StationFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with running(folder) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port)) as sender:
            sender.sendall(b"POST /v1/inspect HTTP/1.1\r\nHost: station\r\nContent-Length: 1000\r\n\r\nhalf")
        assert client.post("/v1/inspect", content=png()).json()["sequence"] == 1
    assert [record.message for record in caplog.records if record.name == "uvicorn.error"] == []


def test_a_form_is_known_by_its_type_in_any_case(folder: StationFolder) -> None:
    """Types of content have no case. Source: RFC 9110 8.3.1."""
    with running(folder) as client:
        form = client.build_request("POST", "/v1/inspect", files={"file": ("a.png", png())})
        form.headers["content-type"] = form.headers["content-type"].replace(
            "multipart/form-data", "Multipart/Form-Data"
        )
        assert client.send(form).json()["verdict"] == "PASS"


def test_a_watcher_may_ask_for_the_health_without_a_body(folder: StationFolder) -> None:
    with running(folder) as client:
        assert [client.head(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_raw_pixels_are_taken_with_their_format(folder: StationFolder) -> None:
    """All three parameters, or none."""
    mono = bytes([128]) * 4096
    with running(folder) as client:
        raw = {"pixel_format": "Mono8", "width": "64", "height": "64"}
        assert client.post("/v1/inspect", content=mono, params=raw).json()["verdict"] == "PASS"
        assert client.post("/v1/inspect", content=mono, params={"width": "64"}).status_code == 422
        assert client.post("/v1/inspect", content=mono, params={**raw, "width": "0"}).status_code == 422


@pytest.mark.parametrize("path", ["/v1/inspect", "/v1/trigger"])
def test_a_misspelt_parameter_is_refused(folder: StationFolder, path: str) -> None:
    """The part would be judged under a name that nobody knows."""
    with running(folder) as client:
        answer = client.post(path, content=png(), params={"partid": "4711"})
        assert client.get("/v1/status").json()["ledger"]["triggers"] == 0
    (problem,) = answer.json()["detail"]
    assert (answer.status_code, problem["loc"]) == (422, ["query", "partid"])


def test_a_form_is_taken_too(folder: StationFolder) -> None:
    with running(folder) as client:
        answer = client.post("/v1/inspect", files={"file": ("x.png", png(255), "image/png")})
    assert answer.json()["verdict"] == "FAIL"


def test_an_undecodable_image_is_undecided_and_its_bytes_are_kept(folder: StationFolder) -> None:
    """Cut off half-way: 200, UNDECIDED, the reason, in the ledger and on the disk."""
    torn = png()[:60]
    with running(folder) as client:
        answer = client.post("/v1/inspect", content=torn)
        assert answer.status_code == 200
        assert answer.json()["verdict"] == "UNDECIDED"
        assert "ends early" in answer.json()["reason"]
        eventually(lambda: client.get("/v1/status").json()["spool"]["images"] == 1)
        status = client.get("/v1/status").json()
    assert (status["ledger"]["undecided"], status["ledger"]["verdicts"]) == (1, 1)


def test_the_status_balances_and_shows_every_thread(folder: StationFolder) -> None:
    with running(folder, judges=2) as client:
        for value in (128, 255, 128):
            client.post("/v1/inspect", content=png(value))
        eventually(lambda: client.get("/v1/status").json()["spool"]["results"] == 3)
        status = client.get("/v1/status").json()
    ledger = status["ledger"]
    assert ledger["triggers"] == ledger["verdicts"] + ledger["timeouts"] + ledger["drops"] == 3
    assert (ledger["passed"], ledger["failed"]) == (2, 1)
    assert status["bundle"]["id"] == folder.bundle_id
    assert status["latency"]["frame_to_verdict_ms"]["p50"] > 0
    assert {thread["name"] for thread in status["threads"]} == {
        "judge", "judge-2", "deadline", "spool-writer", "keeper", "output-log", "camera-push",
    }  # fmt: skip
    assert all(thread["alive"] and thread["faults"] == 0 for thread in status["threads"])


def test_metrics_count_by_name(folder: StationFolder) -> None:
    with running(folder) as client:
        client.post("/v1/inspect", content=png())
        eventually(lambda: "inspection_frame_to_verdict_seconds_count 1.0" in client.get("/metrics").text)
        lines = client.get("/metrics").text.splitlines()
    for line in (
        "inspection_triggers_total 1.0",
        "inspection_passed_total 1.0",
        "inspection_drops_total 0.0",
        'inspection_camera_connected{camera="push"} 1.0',
        "inspection_ready 1.0",
        "inspection_session_run_seconds_count 1.0",
        'inspection_output_results_total{fate="delivered",output="log"} 1.0',
    ):
        assert line in lines
    assert any(line.startswith("inspection_bundle_info{") and folder.bundle_id in line for line in lines)


def test_a_body_over_the_limit_is_413(folder: StationFolder) -> None:
    """It is no trigger: nothing was judged, nothing is counted."""
    with running(folder, {"max_body_mb": 0.01}) as client:
        answer = client.post("/v1/inspect", content=bytes(20_000))
        triggers = client.get("/v1/status").json()["ledger"]["triggers"]
    assert answer.status_code == 413
    assert "10486 bytes" in answer.json()["detail"]
    assert triggers == 0


def test_an_image_of_more_pixels_than_allowed_is_undecided_and_never_decoded(folder: StationFolder) -> None:
    """A file of a few bytes may claim more than the memory holds."""
    with running(folder, {"max_megapixels": 0.001}) as client:
        answer = client.post("/v1/inspect", content=png()).json()
    assert answer["verdict"] == "UNDECIDED"
    assert "expected at most 0.001 megapixels, header claims 64x64 px" in answer["reason"]


def test_tls_by_settings(folder: StationFolder) -> None:
    """HTTPS with the station's certificate, and nothing without it."""
    files = write_certificates(folder.path / "tls")
    api = {"port": 0, "certificate_file": "tls/own.pem", "private_key_file": "tls/own-key.pem"}
    with station_process(folder.settings_file(api=api)) as station:
        eventually(lambda: "API on https://" in station.log)
        url = station.log.split("API on ")[1].split()[0]
        trusted = ssl.create_default_context(cafile=files.ca)
        assert httpx.get(f"{url}/healthz", verify=trusted, trust_env=False).is_success
        with pytest.raises(httpx.HTTPError):
            httpx.get(url.replace("https", "http") + "/healthz", trust_env=False)


@pytest.mark.parametrize(
    ("api", "message"),
    [
        ({"certificate_file": "own.pem"}, "certificate_file and private_key_file together"),
        ({"certificate_file": "no.pem", "private_key_file": "no.key"}, "no.pem"),
    ],
)
def test_a_certificate_that_cannot_be_used_stops_the_start(
    folder: StationFolder, api: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsInvalid, match=message):
        StationProcess(folder.settings(api={"port": 0, **api}))


def test_the_page_allows_nothing_inline_and_nothing_from_elsewhere(folder: StationFolder) -> None:
    """Its files come from the station; its data needs the key."""
    with running(folder, {"api_key": "secret"}) as client:
        page = client.get("/")
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        answers = [client.get(path) for path in named]
        assert client.get("/v1/picture").status_code == 401
    assert named
    assert all(path.startswith("/page/") for path in named)
    assert all(answer.status_code == 200 for answer in answers)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page.text)
    assert "http" not in page.text
    assert all("http" not in answer.text.replace("http://www.w3.org/2000/svg", "") for answer in answers)


@pytest.mark.parametrize("body", [{"content": b""}, {"data": {"a": "b"}, "files": {}}])
def test_a_request_without_an_image_is_422(folder: StationFolder, body: dict[str, Any]) -> None:
    with running(folder) as client:
        headers = {} if "content" in body else {"content-type": "multipart/form-data; boundary=x"}
        assert client.post("/v1/inspect", headers=headers, **body).status_code == 422


@pytest.mark.parametrize("part_id", ["", "x" * 129])
def test_a_part_id_out_of_bounds_is_422(folder: StationFolder, part_id: str) -> None:
    with running(folder) as client:
        assert client.post("/v1/inspect", content=png(), params={"part_id": part_id}).status_code == 422


def test_with_a_key_only_health_and_metrics_are_open(folder: StationFolder) -> None:
    with running(folder, {"api_key": "secret"}) as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert client.get(path).status_code == 200
        assert client.get("/v1/status").status_code == 401
        assert client.post("/v1/inspect", content=png()).status_code == 401
        wrong = {"authorization": "Bearer wrong"}
        assert client.get("/v1/status", headers=wrong).status_code == 401
        right = {"authorization": "Bearer secret"}
        assert client.post("/v1/inspect", content=png(), headers=right).json()["verdict"] == "PASS"


def test_a_station_without_a_bundle_is_not_ready_and_says_undecided(folder: StationFolder) -> None:
    """Its plant does not answer; it lives, shows why, and never says PASS."""
    settings = folder.settings(api={"port": 0}, bundle=None, plant={"url": "http://127.0.0.1:9", "drain_s": 0.0})
    process = StationProcess(settings)
    try:
        process.start()
        with httpx.Client(base_url=f"http://{process.address}", trust_env=False) as client:
            ready = client.get("/readyz")
            answer = client.post("/v1/inspect", content=png()).json()
            assert client.get("/healthz").status_code == 200
    finally:
        process.stop()
    assert ready.status_code == 503
    assert "no bundle yet" in ready.json()["reasons"]
    assert (answer["verdict"], answer["reason"]) == ("UNDECIDED", "no bundle yet")


def test_many_at_once_each_get_their_own_answer(folder: StationFolder) -> None:
    """Requests from several threads are not mixed up."""
    with running(folder) as client:

        def ask(index: int) -> tuple[str, str]:
            value = 128 if index % 2 == 0 else 255
            answer = client.post("/v1/inspect", content=png(value), params={"part_id": f"p-{index}"}).json()
            return answer["part_id"], answer["verdict"]

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(40)))
        ledger = client.get("/v1/status").json()["ledger"]
    assert answers == [(f"p-{i}", "PASS" if i % 2 == 0 else "FAIL") for i in range(40)]
    assert (ledger["triggers"], ledger["verdicts"]) == (40, 40)
