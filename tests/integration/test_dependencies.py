"""The audit of the pinned packages refuses what has an advisory; by a service of the test's own that speaks OSV."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.support.dependencies import PIP_AUDIT

pytestmark = pytest.mark.audit
ROOT = Path(__file__).parents[2]
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "a picture runs a program",
    "affected": [
        {
            "package": {"name": "pillow", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999.1"}]}],
        }
    ],
}


class _Service(ThreadingHTTPServer):
    """Answers with the advisories of a package."""

    def __init__(self, advisories: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.advisories = advisories
        self.asked: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    server: _Service

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = query["package"]["name"]
        self.server.asked.append(name)
        body = json.dumps({"vulns": self.server.advisories.get(name, [])}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(name="service")
def _service() -> Iterator[_Service]:
    with _Service({}) as service:
        thread = Thread(target=service.serve_forever)
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def _audit(port: int, *options: str) -> tuple[int, str]:
    service = ("--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{port}/v1/query")
    argv = [sys.executable, ".ci/audit.py", *options, str(PIP_AUDIT), *service]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, done.stdout


def test_every_pinned_package_is_asked_about(service: _Service) -> None:
    code, said = _audit(service.server_port)
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line}
    assert (code, said) == (0, f"audit: no advisory about {len(pinned)} pinned packages\n")
    assert {canonicalize_name(name) for name in service.asked} == pinned


def test_an_advisory_refuses_and_is_told(service: _Service) -> None:
    service.advisories["pillow"] = [ADVISORY]
    code, said = _audit(service.server_port)
    assert code == 1
    assert "PYSEC-2026-1, mended in 999.1: a picture runs a program" in said
    assert "pillow" in said


@pytest.mark.parametrize(("options", "expected"), [((), 2), (("--unread-is-fine",), 0)])
def test_no_service_is_told(service: _Service, options: tuple[str, ...], expected: int) -> None:
    port = service.server_port
    service.server_close()
    code, said = _audit(port, *options)
    assert (code, "no advisories could be read" in said) == (expected, True)
