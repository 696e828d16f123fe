"""The plant service put together: the one place where settings become parts."""

import os
from dataclasses import dataclass

from sqlalchemy import URL

from edge.contract.signature import SigningKey, TrustedKeys
from inspection.alerts.post import AlertPost
from inspection.alerts.targets import open_targets
from inspection.alerts.watch import AlertWatch
from inspection.clock import Clock, utc_now
from inspection.feed.bell import Bell
from inspection.feed.stream import Feed
from inspection.feed.webhook import Webhook, WebhookSurroundings
from inspection.ingest.pieces import Pieces
from inspection.jobs.commands import ModelCommands
from inspection.jobs.ray_runner import RayJobRunner
from inspection.jobs.runner import JobLimits, LocalJobRunner
from inspection.jobs.shop import Workshop
from inspection.jobs.trial import TrialBench
from inspection.jobs.worker import JobWorker
from inspection.metrics import PlantMetrics
from inspection.people.oidc import OidcClient
from inspection.people.throttle import LoginThrottle
from inspection.people.users import ensure_admin
from inspection.periodic import Periodic
from inspection.registry.bundles import BundleFiles
from inspection.retention.keeper import RetentionKeeper
from inspection.retention.sweep import Retention
from inspection.retraining.keeper import RetrainingKeeper
from inspection.retraining.plan import Capacity
from inspection.review.audit_sample import AuditPlan, AuditSampler, load_or_create_seed
from inspection.review.desks import Desks
from inspection.rollout.keeper import RolloutKeeper
from inspection.settings import PlantSettings
from inspection.stations.live import LiveBoard
from inspection.store.address import postgres_address, sqlite_address
from inspection.store.blobs import BlobStore
from inspection.store.database import Database
from inspection.store.image_store import open_image_store
from inspection.store.pictures import Pictures

__all__ = ["Plant", "database_address", "open_plant", "retention_of"]

_DATABASE_FILE = "plant.sqlite3"


@dataclass(frozen=True)
class Plant:
    """Everything a request may need.

    Attributes:
        beside: what runs beside the requests: the watch over rollouts and alerts, and their delivery.
        first_password: of `admin`, made up on the first start; None otherwise.
    """

    settings: PlantSettings
    database: Database
    blobs: BlobStore
    pieces: Pieces
    pictures: Pictures
    bundles: BundleFiles
    public_key: str
    live: LiveBoard
    desks: Desks
    metrics: PlantMetrics
    throttle: LoginThrottle
    jobs: JobWorker
    trials: TrialBench
    retention: RetentionKeeper
    rollouts: RolloutKeeper
    retraining: RetrainingKeeper
    alerts: AlertWatch
    post: AlertPost
    beside: tuple[Periodic, ...]
    audit: AuditSampler
    oidc: OidcClient | None
    bell: Bell
    feed: Feed
    webhooks: tuple[Webhook, ...]
    clock: Clock
    first_password: str | None

    def start(self) -> None:
        """Begin with jobs, retention, webhooks and all that is watched."""
        self.jobs.start()
        self.retention.start()
        for webhook in self.webhooks:
            webhook.start()
        for periodic in self.beside:
            periodic.start()

    def close(self) -> None:
        """Stop what runs beside the requests, then let go of the database."""
        for periodic in self.beside:
            periodic.stop()
        self.feed.end()
        for webhook in self.webhooks:
            webhook.stop()
        self.retention.stop()
        self.jobs.stop()
        if self.oidc is not None:
            self.oidc.close()
        self.database.close()


def database_address(settings: PlantSettings) -> URL:
    """Where the plant's database is.

    Raises:
        SettingsInvalid: `database_url` or its password file is not what it should be.
    """
    if settings.database_url is None:
        return sqlite_address(settings.data_dir / _DATABASE_FILE)
    return postgres_address(settings.database_url, settings.database_password_file)


def retention_of(settings: PlantSettings, database: Database) -> Retention:
    """Retention as the settings say."""
    blobs = open_image_store(settings.images, settings.data_dir)
    pictures = Pictures(blobs, settings.data_dir / "pictures")
    return Retention(database, blobs, pictures, settings.retention, settings.data_dir)


def open_plant(settings: PlantSettings, commands: ModelCommands | None = None, clock: Clock = utc_now) -> Plant:
    """Open or make the data folder; nothing runs until `Plant.start`.

    Raises:
        SettingsInvalid: a key or password file is not what it should be, or the database cannot be used.
    """
    data = settings.data_dir
    copies = data if settings.copy_before_migration else None
    database = Database(database_address(settings), copies=copies)  # first: if unreachable, nothing is left behind
    key_file = data / "keys" / "signing_key.pem"
    key = SigningKey.load_or_create(key_file)
    retention = retention_of(settings, database)
    blobs = retention.blobs
    trusted = (key.public_text, *settings.trusted_keys)
    bundles = BundleFiles(data / "bundles", TrustedKeys(trusted))
    with database.write() as session:
        password = ensure_admin(session, settings.admin_password_file, clock())
    limits = JobLimits(settings.job_cores, settings.job_memory_mb)
    shop = Workshop(
        database=database,
        blobs=blobs,
        bundles=bundles,
        commands=commands or ModelCommands(),
        runner=LocalJobRunner(limits) if settings.ray is None else RayJobRunner(settings.ray, limits, key_file),
        key_file=key_file,
        trust=",".join(trusted),
        clock=clock,
        replay_parts=settings.gate_replay_parts,
        max_slowdown=settings.gate_max_slowdown,
        neighbour_s=settings.neighbour_s,
        acceptances_promote=settings.acceptances_promote,
        scores=data / "scores" if settings.ray is None else None,  # a folder of this machine
        features=data / "features",
        features_mib=settings.features_mib if settings.ray is None else 0,  # a folder of this machine
    )
    live = LiveBoard()
    jobs = JobWorker(shop, data / "jobs", 1 if settings.ray is None else settings.ray.jobs_at_once)
    retraining = RetrainingKeeper(
        *(database, settings.retraining, settings.drift, _capacity(settings), clock, jobs.wake)
    )
    rollouts = RolloutKeeper(database, live, settings.rollout, clock)
    alerts = AlertWatch(database, live, settings.alerts, settings.drift, clock)
    post = AlertPost(database, open_targets(settings.alerts.targets), clock)
    metrics, bell = PlantMetrics(live, clock), Bell()
    around = WebhookSurroundings(database, bell, metrics, clock)
    return Plant(
        settings=settings,
        database=database,
        blobs=blobs,
        pieces=Pieces(data / "pieces"),
        pictures=retention.pictures,
        bundles=bundles,
        public_key=key.public_text,
        live=live,
        desks=Desks(),
        metrics=metrics,
        throttle=LoginThrottle(),
        jobs=jobs,
        trials=TrialBench(",".join(trusted)),
        retention=RetentionKeeper(retention, metrics, clock, settings.retention_every_h),
        rollouts=rollouts,
        retraining=retraining,
        alerts=alerts,
        post=post,
        beside=(
            Periodic("rollouts", rollouts.look, settings.rollout.check_every_s),
            Periodic("retraining", retraining.look, settings.retraining.check_every_s),
            Periodic("alerts", alerts.look, settings.alerts.watch_every_s),
            Periodic("alert post", post.deliver, settings.alerts.watch_every_s),
        ),
        audit=_audit(settings),
        oidc=None if settings.oidc is None else OidcClient(settings.oidc),
        bell=bell,
        feed=Feed(bell, settings.feed_listeners),
        webhooks=tuple(Webhook(hook, around) for hook in settings.webhooks),
        clock=clock,
        first_password=password,
    )


def _capacity(settings: PlantSettings) -> Capacity:
    if settings.ray is None:
        return Capacity(settings.job_cores or len(os.sched_getaffinity(0)), 1)
    return Capacity(settings.job_cores or 1, settings.ray.jobs_at_once)


def _audit(settings: PlantSettings) -> AuditSampler:
    plan = AuditPlan(settings.audit_escapes_at_most or None, settings.audit_period_passes, settings.audit_fail_share)
    return AuditSampler(load_or_create_seed(settings.data_dir / "keys" / "audit_seed"), plan)
