"""The plant service put together: the one place where settings become parts."""

from dataclasses import dataclass

from edge.contract.signature import SigningKey, TrustedKeys
from inspection.clock import Clock, utc_now
from inspection.jobs.commands import ModelCommands
from inspection.jobs.runner import LocalJobRunner
from inspection.jobs.steps import Workshop
from inspection.jobs.worker import JobWorker
from inspection.metrics import PlantMetrics
from inspection.people.throttle import LoginThrottle
from inspection.people.users import ensure_admin
from inspection.registry.bundles import BundleFiles
from inspection.review.audit_sample import AuditPlan, AuditSampler, load_or_create_seed
from inspection.settings import PlantSettings
from inspection.stations.live import LiveBoard
from inspection.store.blobs import BlobStore, DiskBlobStore
from inspection.store.database import Database
from inspection.store.pictures import Pictures

__all__ = ["DATABASE_FILE", "Plant", "open_plant"]

DATABASE_FILE = "plant.sqlite3"


@dataclass(frozen=True)
class Plant:
    """Everything a request may need.

    Attributes:
        first_password: of `admin`, made up on the first start; None otherwise.
    """

    settings: PlantSettings
    database: Database
    blobs: BlobStore
    pictures: Pictures
    bundles: BundleFiles
    public_key: str
    live: LiveBoard
    metrics: PlantMetrics
    throttle: LoginThrottle
    jobs: JobWorker
    audit: AuditSampler
    clock: Clock
    first_password: str | None

    def close(self) -> None:
        """Stop the jobs, then let go of the database."""
        self.jobs.stop()
        self.database.close()


def open_plant(settings: PlantSettings, commands: ModelCommands | None = None, clock: Clock = utc_now) -> Plant:
    """Open or make the data folder; nothing runs until `Plant.jobs.start`.

    Raises:
        SettingsInvalid: a key or password file is not what it should be.
    """
    data = settings.data_dir
    key_file = data / "keys" / "signing_key.pem"
    key = SigningKey.load_or_create(key_file)
    database = Database(data / DATABASE_FILE)
    blobs = DiskBlobStore(data / "images")
    bundles = BundleFiles(data / "bundles", TrustedKeys((key.public_text, *settings.trusted_keys)))
    with database.write() as session:
        password = ensure_admin(session, settings.admin_password_file, clock())
    shop = Workshop(
        database=database,
        blobs=blobs,
        bundles=bundles,
        commands=commands or ModelCommands(),
        runner=LocalJobRunner(),
        key_file=key_file,
        public_key=key.public_text,
        clock=clock,
        replay_parts=settings.gate_replay_parts,
        max_slowdown=settings.gate_max_slowdown,
    )
    live = LiveBoard()
    return Plant(
        settings=settings,
        database=database,
        blobs=blobs,
        pictures=Pictures(blobs, data / "pictures"),
        bundles=bundles,
        public_key=key.public_text,
        live=live,
        metrics=PlantMetrics(live, clock),
        throttle=LoginThrottle(),
        jobs=JobWorker(shop, data / "jobs"),
        audit=_audit(settings),
        clock=clock,
        first_password=password,
    )


def _audit(settings: PlantSettings) -> AuditSampler:
    plan = AuditPlan(settings.audit_escapes_at_most or None, settings.audit_period_passes, settings.audit_fail_share)
    return AuditSampler(load_or_create_seed(settings.data_dir / "keys" / "audit_seed"), plan)
