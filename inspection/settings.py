"""PLANT.toml: everything a plant service can be told, checked as a whole before it starts."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from edge.contract.settings import load_toml

__all__ = ["PlantSettings", "load_plant_settings"]


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
    admin_password_file: Annotated[
        Path | None,
        Field(description="File with the first password of `admin`; without it one is made up and printed once."),
    ] = None
    cookie_secure: Annotated[
        bool, Field(description="Send the session cookie over HTTPS only; true behind a TLS proxy.")
    ] = False
    session_hours: Annotated[float, Field(gt=0, le=168, description="Hours until a person signs in again.")] = 12
    stale_after_s: Annotated[
        float, Field(gt=0, le=3600, description="Seconds without a heartbeat after which a station counts as silent.")
    ] = 10
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
    gate_replay_parts: Annotated[
        int, Field(ge=0, le=100_000, description="Newest parts of the line on which the gate compares; 0 replays none.")
    ] = 2000
    gate_max_slowdown: Annotated[
        float | None,
        Field(gt=0, le=100, description="Most times the champion's session time; without it time is told, not judged."),
    ] = None
    trusted_keys: Annotated[
        tuple[str, ...],
        Field(description="Base64 Ed25519 public keys, beside the plant's own, whose bundles may be uploaded."),
    ] = ()


def load_plant_settings(path: Path) -> PlantSettings:
    """Read PLANT.toml; relative paths inside it are taken from its own folder.

    Raises:
        SettingsInvalid: unreadable, unknown key, out of bounds; the service does not start.
    """
    settings = load_toml(PlantSettings, path)
    folder = path.resolve().parent
    paths: dict[str, Path] = {"data_dir": folder / settings.data_dir}
    if settings.admin_password_file is not None:
        paths["admin_password_file"] = folder / settings.admin_password_file
    return settings.model_copy(update=paths)
