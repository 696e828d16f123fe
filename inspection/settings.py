"""PLANT.toml: everything a plant service can be told, checked as a whole before it starts."""

from pathlib import Path
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from edge.contract.result import Verdict
from edge.contract.settings import load_toml
from inspection.alerts.settings import AlertSettings
from inspection.drift.settings import DriftSettings
from inspection.feed.settings import WebhookSettings
from inspection.jobs.ray_settings import RaySettings
from inspection.logs import LogFormat, LogLevel
from inspection.people.oidc_settings import OidcSettings
from inspection.retraining.settings import RetrainingSettings
from inspection.rollout.settings import RolloutSettings
from inspection.store.image_settings import DiskImages, ImagesSettings, S3Images

__all__ = ["PlantSettings", "RetentionRule", "load_plant_settings"]


class RetentionRule(BaseModel):
    """How long images of some results are kept; what is None fits all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    station: Annotated[str | None, Field(min_length=1, max_length=64, description="Only results of this station.")] = (
        None
    )
    line: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
            description="Only results of the stations that stand at this line.",
        ),
    ] = None
    verdict: Annotated[Verdict | None, Field(description="Only results with this verdict.")] = None
    keep_days: Annotated[float, Field(ge=0, le=36_500, description="Days after their arrival that images are kept.")]

    @model_validator(mode="after")
    def _station_or_line(self) -> Self:
        if self.station is not None and self.line is not None:
            msg = f"expected a station or a line, got station {self.station!r} and line {self.line!r}"
            raise ValueError(msg)
        return self


class PlantSettings(BaseModel):
    """Settings of one plant service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="Address to listen on; 0.0.0.0 for every network.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port to listen on.")] = 8000
    data_dir: Annotated[
        Path,
        Field(description="Folder of database, images, bundles and signing key; relative to the settings file."),
    ] = Path("plant-data")
    log_format: Annotated[LogFormat, Field(description="Log on stderr: lines of text, or one JSON object a line.")] = (
        "text"
    )
    log_level: Annotated[LogLevel, Field(description="Least severity that is logged; DEBUG: every request.")] = "INFO"
    images: Annotated[
        ImagesSettings, Field(description="Where image files are: on the disk in `data_dir`, or in a bucket.")
    ] = DiskImages()
    database_url: Annotated[
        str | None,
        Field(description="`postgresql://USER@HOST:PORT/NAME`, without a password; None is SQLite in `data_dir`."),
    ] = None
    database_password_file: Annotated[
        Path | None, Field(description="File with the password of the user in `database_url`.")
    ] = None
    copy_before_migration: Annotated[
        bool, Field(description="Keep a copy of the database in `data_dir` before a new version changes its tables.")
    ] = True
    admin_password_file: Annotated[
        Path | None,
        Field(description="File with the first password of `admin`; without it one is made up and printed once."),
    ] = None
    cookie_secure: Annotated[
        bool, Field(description="Send the session cookie over HTTPS only; true behind a TLS proxy.")
    ] = False
    oidc: Annotated[
        OidcSettings | None,
        Field(description="OpenID provider where people sign in, too."),
    ] = None
    session_hours: Annotated[float, Field(gt=0, le=168, description="Hours until a person signs in again.")] = 12
    time_zone: Annotated[
        str | None,
        Field(description="Of the plant's clock, such as `Europe/Berlin`, for shifts; None is this machine's own."),
    ] = None
    stale_after_s: Annotated[
        float, Field(gt=0, le=3600, description="Seconds without a heartbeat after which a station counts as silent.")
    ] = 10
    ingest_at_once: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Requests with results or images that are worked on at once; further ones are answered 429 and "
            "come again, while people are served.",
        ),
    ] = 32
    max_image_mb: Annotated[int, Field(ge=1, le=1024, description="Largest image a station or person may send.")] = 64
    max_bundle_mb: Annotated[int, Field(ge=1, le=1024, description="Largest bundle file that may be uploaded.")] = 512
    audit_escapes_at_most: Annotated[
        float,
        Field(ge=0, lt=1, description="Share of passed parts that may be bad, shown by a random sample; 0 draws none."),
    ] = 0.01
    audit_period_passes: Annotated[
        int, Field(ge=1, description="Passed parts with a picture over which that shall be shown.")
    ] = 10_000
    audit_fail_share: Annotated[
        float, Field(gt=0, le=1, description="Share of failed parts that is drawn, to estimate overkill by.")
    ] = 0.2
    review_second_share: Annotated[
        float, Field(ge=0, le=1, description="Share of judged parts that a second person judges, not knowing it.")
    ] = 0.05
    review_known_share: Annotated[
        float,
        Field(
            ge=0, le=0.5, description="Parts of known truth among those to review, to measure each reviewer; 0: none."
        ),
    ] = 0.03
    gate_replay_parts: Annotated[
        int, Field(ge=0, le=100_000, description="Newest parts of the line on which the gate compares; 0 replays none.")
    ] = 2000
    gate_max_slowdown: Annotated[
        float | None,
        Field(gt=0, le=100, description="Most times the champion's session time; without it time is told, not judged."),
    ] = None
    neighbour_s: Annotated[
        float,
        Field(
            ge=0,
            le=3600,
            description="Seconds around a held-out part within which its station's pictures teach nothing; 0: all do.",
        ),
    ] = 0.5
    job_cores: Annotated[
        int | None,
        Field(ge=1, le=1024, description="Processor cores that a training may use; without it all, or one on `[ray]`."),
    ] = None
    job_memory_mb: Annotated[
        int | None, Field(ge=256, description="Private memory of a training's process, in MB; without it no limit.")
    ] = None
    ray: Annotated[RaySettings | None, Field(description="A Ray cluster on which jobs run; without it, here.")] = None
    acceptances_promote: Annotated[
        bool,
        Field(description="What was accepted as good runs as soon as the gate passed it; else a person promotes it."),
    ] = False
    features_mib: Annotated[
        int,
        Field(ge=0, le=1_000_000, description="MiB for features of images, which trainings share; 0 keeps none."),
    ] = 4096
    feed_listeners: Annotated[
        int, Field(ge=0, le=1000, description="How many programs may listen to the feed of results at once.")
    ] = 32
    webhooks: Annotated[
        tuple[WebhookSettings, ...], Field(description="Where results are posted as they come, for an MES.")
    ] = ()
    retention: Annotated[
        tuple[RetentionRule, ...],
        Field(description="Rules by which images are removed; the first that fits a result decides, none keeps it."),
    ] = ()
    retention_every_h: Annotated[float, Field(gt=0, le=720, description="Hours between two runs of retention.")] = 6
    retraining: Annotated[
        RetrainingSettings, Field(description="When models are trained again without anybody asking.")
    ] = RetrainingSettings()
    rollout: Annotated[RolloutSettings, Field(description="How a rollout is watched; see `[rollout]`.")] = (
        RolloutSettings()
    )
    drift: Annotated[DriftSettings, Field(description="What counts as drift; see `[drift]`.")] = DriftSettings()
    alerts: Annotated[AlertSettings, Field(description="When there is an alert, and who is told; see `[alerts]`.")] = (
        AlertSettings()
    )
    trusted_keys: Annotated[
        tuple[str, ...],
        Field(description="Base64 Ed25519 public keys, beside the plant's own, whose bundles may be uploaded."),
    ] = ()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            msg = f"expected the name of a time zone such as 'Europe/Berlin', got {name!r}"
            raise ValueError(msg)
        return name

    @field_validator("webhooks")
    @classmethod
    def _named_once(cls, hooks: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
        names = [hook.name for hook in hooks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"expected each name once, {twice[0]!r} is there twice: the two would share a place in the results"
            raise ValueError(msg)
        return hooks


def load_plant_settings(path: Path) -> PlantSettings:
    """Read PLANT.toml; relative paths inside it are taken from its own folder.

    Raises:
        SettingsInvalid: unreadable, unknown key, out of bounds; the service does not start.
    """
    settings = load_toml(PlantSettings, path)
    folder = path.resolve().parent
    given = {name: getattr(settings, name) for name in ("data_dir", "database_password_file", "admin_password_file")}
    paths = {name: folder / path for name, path in given.items() if path is not None}
    hooks = tuple(_hook_placed(hook, folder) for hook in settings.webhooks)
    images = _placed(settings.images, folder)
    return settings.model_copy(
        update={
            **paths,
            "images": images,
            "webhooks": hooks,
            "alerts": settings.alerts.taken_from(folder),
            "oidc": None if settings.oidc is None else settings.oidc.taken_from(folder),
        }
    )


def _hook_placed(hook: WebhookSettings, folder: Path) -> WebhookSettings:
    ca_file = None if hook.ca_file is None else folder / hook.ca_file
    return hook.model_copy(update={"secret_file": folder / hook.secret_file, "ca_file": ca_file})


def _placed(images: ImagesSettings, folder: Path) -> ImagesSettings:
    if isinstance(images, S3Images) and images.secret_access_key_file is not None:
        return images.model_copy(update={"secret_access_key_file": folder / images.secret_access_key_file})
    return images
