"""From rows to what the API gives."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy.orm import Session

from edge.contract.ledger import LedgerCounts
from edge.contract.result import ImageKind, Verdict
from inspection.api.model_schemas import Gate, GateFlip, GateReport, HeldoutSince, Lineage, ModelVersion
from inspection.api.schemas import RecentPart, ShownLabel, ShownRuling, Station, StoredResult
from inspection.ingest.find import frames_of, latest_parts, parse_result, removed_images, stored_images
from inspection.plant import Plant
from inspection.registry.bundles import manifest_of
from inspection.registry.flips import count_flips, flips_of
from inspection.registry.gates import heldout_since_gate, latest_gate
from inspection.registry.lineage import Lineage as FoundLineage
from inspection.review.labels import labels_shown
from inspection.rollout.desired import desired_bundles
from inspection.samples.rulings import rulings_on
from inspection.stations.live import Seen
from inspection.store.tables import BundleRow, FlipRow, GateRow, LabelRow, ResultRow, StationRow

__all__ = ["gate_report", "lineage_view", "model_view", "result_views", "station_views"]

_RECENT = 24


def result_views(session: Session, rows: Sequence[ResultRow]) -> list[StoredResult]:
    """Results with their images and labels."""
    ids = [row.id for row in rows]
    images, removed, labels = stored_images(session, ids), removed_images(session, ids), labels_shown(session, ids)
    frames = {id_: kinds[ImageKind.FRAME] for id_, kinds in images.items() if ImageKind.FRAME in kinds}
    rulings = rulings_on(session, set(frames.values()))
    return [
        StoredResult(
            number=row.number,
            received_at=row.received_at,
            result=parse_result(row),
            images=images[row.id],
            images_removed=removed[row.id],
            labels=[ShownLabel.model_validate(label) for label in labels[row.id]],
            rulings=[
                ShownRuling.model_validate(said) for said in rulings.get((row.recipe, frames.get(row.id, "")), ())
            ],
        )
        for row in rows
    ]


def station_views(plant: Plant, session: Session, rows: Sequence[StationRow]) -> list[Station]:
    """Stations as last heard, with their latest parts."""
    desired = desired_bundles(session, rows)
    parts = {row.name: latest_parts(session, row.name, _RECENT) for row in rows}
    frames = frames_of(session, [part.id for latest in parts.values() for part in latest])
    return [
        _station_view(
            plant,
            row,
            desired[row.name],
            [
                RecentPart(
                    id=part.id, part_id=part.part_id, verdict=Verdict(part.verdict), frame_sha256=frames.get(part.id)
                )
                for part in parts[row.name]
            ],
        )
        for row in rows
    ]


def _station_view(plant: Plant, row: StationRow, desired: str | None, recent: list[RecentPart]) -> Station:
    seen, now = plant.live.last(row.name), plant.clock()
    age_s = None if seen is None else (now - seen.at).total_seconds()
    return Station(
        name=row.name,
        recipe=row.recipe,
        line=row.line,
        state=_state(age_s, plant.settings.stale_after_s),
        heartbeat_age_s=age_s,
        heartbeat=None if seen is None else seen.heartbeat,
        clock_ahead_s=None if seen is None else seen.clock_ahead_s,
        desired_bundle_id=desired,
        yield_fraction=None if seen is None else _yield(seen.heartbeat.ledger),
        picture_result_id=_picture_id(seen),
        picture_age_s=None if seen is None or seen.picture_at is None else (now - seen.picture_at).total_seconds(),
        recent=recent,
    )


def model_view(session: Session, row: BundleRow, champion: str | None) -> ModelVersion:
    """A model version with the gate's latest verdict."""
    manifest, gate = manifest_of(row), latest_gate(session, row.id)
    counts = gate is not None and gate.champion_id == champion
    return ModelVersion(
        id=row.id,
        origin=row.origin,
        registered_at=row.registered_at,
        created_at=manifest.created_at,
        champion=row.id == champion,
        trunk=manifest.provenance.trunk,
        goods=manifest.data.goods,
        defects=manifest.data.defects,
        threshold=manifest.calibration.threshold,
        promise=manifest.calibration.promise.text,
        gate=None if gate is None else Gate.model_validate(gate),
        gate_is_current=counts,
        heldout_since_gate=HeldoutSince.model_validate(heldout_since_gate(session, row.recipe, gate))
        if gate is not None and counts and row.id != champion
        else None,
    )


def lineage_view(found: FoundLineage) -> Lineage:
    """How a model version came to be."""
    manifest, job, data, version = manifest_of(found.bundle), found.job, found.data, found.version
    made = manifest.provenance
    return Lineage(
        bundle_id=found.bundle.id,
        origin=found.bundle.origin,
        parent_id=found.parent_id,
        parent_known=found.parent is not None,
        code_version=made.inspection_version,
        versions=made.versions,
        trunk=made.trunk,
        trunk_sha256=made.trunk_sha256,
        seed=made.seed,
        job_id=None if job is None else job.id,
        made_by=None if job is None else job.user,
        made_at=manifest.created_at,
        reasons=list(found.reasons),
        data_version=None if data is None else data.id,
        data_counts=None if data is None else data.counts,
        recipe_version=None if version is None else version.version,
        settings_reason=None if version is None else version.reason,
        settings_by=None if version is None else version.user,
    )


def gate_report(session: Session, gate: GateRow, limit: int, offset: int) -> GateReport:
    """A verdict of the gate with a page of its flips."""
    rows = flips_of(session, gate.id, limit, offset)
    labels = labels_shown(session, [row.result_id for row in rows if row.result_id])
    return GateReport(
        gate=Gate.model_validate(gate),
        verdict=gate.evaluation.get("verdict") or "\n".join(gate.evaluation.get("reasons", [])),
        flips_total=count_flips(session, gate.id),
        flips=[_flip(row, labels.get(row.result_id or "", [])) for row in rows],
    )


def _flip(row: FlipRow, labels: Sequence[LabelRow]) -> GateFlip:
    shown = [ShownLabel.model_validate(label) for label in labels]
    fields = {name: getattr(row, name) for name in GateFlip.model_fields if name != "labels"}
    return GateFlip(**fields, labels=shown)


def _state(age_s: float | None, stale_after_s: float) -> Literal["never_seen", "live", "silent"]:
    if age_s is None:
        return "never_seen"
    return "live" if age_s <= stale_after_s else "silent"


def _yield(ledger: LedgerCounts) -> float | None:
    settled = ledger.verdicts + ledger.timeouts + ledger.drops
    return ledger.passed / settled if settled else None


def _picture_id(seen: Seen | None) -> str | None:
    return None if seen is None or seen.picture is None else seen.picture.result.id
