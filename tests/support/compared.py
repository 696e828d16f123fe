"""A champion, a challenger that was compared with it, and parts of the line that both can judge."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from edge.contract.result import Verdict
from tests.support.plants import (
    Person,
    a_result,
    add_samples,
    add_station,
    image_ref,
    png,
    send_image,
    send_results,
    train,
    wait_for_job,
)

__all__ = ["Compared", "compared", "measured", "send_part"]


@dataclass(frozen=True)
class Compared:
    """Two bundles of recipe `part`, and the ids of the results of its parts, oldest first."""

    champion: str
    challenger: str
    parts: list[str]


def send_part(client: TestClient, station: dict[str, str], seed: int, recipe: str = "part") -> str:
    """A part of the line with its picture, which passed; its result's id."""
    frame = png(seed)
    result = a_result(Verdict.PASS, (image_ref(frame),), recipe=recipe)
    send_results(client, station, result)
    send_image(client, station, frame)
    return result.id


def compared(client: TestClient, admin: Person) -> Compared:
    """Train, promote, see three parts (one is labelled good), and train again."""
    station = add_station(admin)
    add_samples(admin, "part", range(8))
    champion = train(admin, "part")["result"]["bundle_id"]
    admin.post("/recipes/part/promote", {"bundle_id": champion, "reason": "looks right"})
    parts = [send_part(client, station, seed) for seed in range(300, 303)]
    admin.post("/labels", {"result_id": parts[0], "label": "good"})
    add_samples(admin, "part", range(20, 28))
    return Compared(champion, train(admin, "part")["result"]["bundle_id"], parts)


def measured(person: Person, kind: str, **parameters: object) -> dict[str, Any]:
    """A job of recipe `part` that has ended."""
    answer = person.post("/jobs", {"recipe": "part", "kind": kind, **parameters})
    assert answer.status_code == 201, answer.text
    return wait_for_job(person, answer.json()["id"])
