"""Any request that the description allows, and many that it does not: no 5xx, and no answer outside the description."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inspection.api.access import CSRF_HEADER
from inspection.api.description import description
from tests.support.plants import (
    API,
    Person,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
    sign_in,
)

EXAMPLES = int(os.environ.get("ANY_REQUEST_EXAMPLES", "3"))
"""For each route; more than 10 also try the bounds of every parameter, for a long search."""

NOT_ASKED = f"({API}/feed|{API}/login|{API}/logout)$"
"""The feed has no end; the other two are about the session that asks."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

SCHEMA = schemathesis.openapi.from_dict(json.loads(description())).exclude(path_regex=NOT_ASKED)
SCHEMA.config.phases.coverage.enabled = EXAMPLES > 10


@dataclass(frozen=True)
class Asker:
    """An admin and a station of one plant that has something to tell."""

    admin: Person
    station: dict[str, str]

    def send(self, case: schemathesis.Case) -> None:
        """Send a request as who may, and look at the answer."""
        for_station = case.operation.path.startswith(f"{API}/ingest") or case.operation.path.endswith("/me/heartbeat")
        headers = self.station if for_station else {CSRF_HEADER: self.admin.csrf}
        asked = case.as_transport_kwargs(base_url="http://plant.test", headers=headers)
        asked.pop("cookies", None)  # the session's stay
        body = asked.pop("data", None)
        answer = self.admin.client.request(**asked, content=body)
        case.validate_response(answer, checks=CHECKS, headers=headers, transport_kwargs=asked)


@pytest.fixture(scope="module", name="asker")
def _asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(new_plant(tmp_path_factory.mktemp("plant"))) as client:
        admin = sign_in(client)
        station = add_station(admin)
        add_samples(admin, "part", range(4), range(4, 6))
        frame = png(9)
        send_results(client, station, *(a_result(images=(image_ref(frame),)) for _ in range(3)))
        send_image(client, station, frame)
        yield Asker(admin, station)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_breaks_the_plant(case: schemathesis.Case, asker: Asker) -> None:
    asker.send(case)
