"""The one settings tree of a station; see `examples/station.toml`."""

import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, model_validator

from edge.api.settings import ApiSettings
from edge.cameras.settings import CameraSettings
from edge.changeover.settings import ChangeoverSettings
from edge.contract.settings import load_toml
from edge.contract.values import Value
from edge.fieldbus.settings import MqttBroker
from edge.inference import InferenceSettings
from edge.outputs.settings import CsvOutputSettings, LogOutputSettings, OutputSettings
from edge.parts.views import MAX_VIEW_NAME, PartSettings, View, views_of
from edge.plant.settings import PlantSettings
from edge.spool.settings import SpoolSettings
from edge.triggers.settings import AskedTriggerSettings, EveryFrameTriggerSettings, TriggerSettings

__all__ = ["ImageSettings", "RecipeSettings", "StationSettings", "load_station_settings"]

_MOST_JUDGES = 2  # more gain nothing on two cores, and each takes time from the others


class ImageSettings(Value):
    """Which frames are kept beside their result. All of FAIL and UNDECIDED always are."""

    keep_pass_fraction: Annotated[
        float, Field(ge=0, le=1, description="share of PASS frames that is kept, drawn by chance")
    ] = 0.0
    keep_first_after_change: Annotated[
        int,
        Field(ge=0, le=100_000, description="kept of each camera, whatever the verdict, when another bundle judges"),
    ] = 0
    seed: Annotated[int, Field(ge=0, description="of that draw, so that a replay keeps the same frames")] = 0
    waiting_mb: Annotated[
        float,
        Field(gt=0, le=4096, description="MiB of frames that may wait to be encoded; beyond it they are given up"),
    ] = 64.0


class RecipeSettings(Value):
    """A further part type that the line makes at times."""

    name: Annotated[str, Field(min_length=1, max_length=64, description="of the part type, as in its bundle")]
    bundle: Annotated[Path, Field(description="what judges it; open from the start, so a changeover waits for none")]


class StationSettings(Value):
    """Everything a station process is told."""

    station: Annotated[
        str, Field(min_length=1, max_length=64, description="name of this station, as the plant service knows it")
    ]
    recipe: Annotated[str, Field(min_length=1, max_length=64, description="the part type judged here")]
    state_dir: Annotated[Path, Field(description="folder of the spool and the last bundle; one station process each")]
    deadline_ms: Annotated[
        float, Field(ge=1, le=60_000, description="a trigger without a verdict after this time is told UNDECIDED")
    ] = 250.0
    miss_budget: Annotated[
        float, Field(ge=0, le=1, description="share of triggers that may miss it; more is shown and can be alarmed on")
    ] = 0.001
    ack_wait_ms: Annotated[
        float, Field(ge=0, le=10_000, description="a result waits so long for its outputs before it is stored")
    ] = 100.0
    inbox_size: Annotated[
        int, Field(ge=1, le=1000, description="frames that wait for judging; beyond it a trigger is told UNDECIDED")
    ] = 4
    judges: Annotated[
        int, Field(ge=0, le=16, description="frames judged at once; 0 = two, or one on a box with a single core")
    ] = 0
    bundle: Annotated[
        Path | None, Field(description="bundle to start with; with a plant, the last one it sent goes first")
    ] = None
    wait_for_bundle: Annotated[
        bool, Field(description="start the camera only when the first bundle runs; otherwise frames are UNDECIDED")
    ] = True
    trusted_keys: Annotated[
        tuple[str, ...],
        Field(description="public keys whose bundles run here, base64; the local training key if none is named"),
    ] = ()
    trusted_key_files: Annotated[tuple[Path, ...], Field(description="files with one such key each")] = ()
    other_recipes: Annotated[
        tuple[RecipeSettings, ...], Field(max_length=64, description="part types to change over to, with their bundles")
    ] = ()
    changeover: Annotated[
        ChangeoverSettings | None, Field(description="who tells of a changeover, beside POST /v1/recipe")
    ] = None
    inference: Annotated[InferenceSettings, Field(description="how onnxruntime runs")] = InferenceSettings()
    camera: Annotated[CameraSettings, Field(description="where frames come from")]
    other_cameras: Annotated[
        tuple[CameraSettings, ...], Field(max_length=32, description="more cameras of the same box, served in turn")
    ] = ()
    parts: Annotated[PartSettings, Field(description="views that a trigger from outside takes")] = PartSettings()
    trigger: Annotated[TriggerSettings, Field(description="which frames are parts")] = EveryFrameTriggerSettings()
    images: Annotated[ImageSettings, Field(description="which frames are kept")] = ImageSettings()
    outputs: Annotated[tuple[OutputSettings, ...], Field(description="who is told each verdict")] = ()
    spool: Annotated[SpoolSettings, Field(description="what waits on disk for the plant")] = SpoolSettings()
    plant: Annotated[PlantSettings | None, Field(description="the plant service; none for a station alone")] = None
    api: Annotated[ApiSettings | None, Field(description="the station's own HTTP API; none to listen nowhere")] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [output.name for output in self.outputs]
        if len(set(names)) != len(names):
            msg = f"outputs: expected different names, got {names}"
            raise ValueError(msg)
        files = [one.path for one in self.outputs if isinstance(one, LogOutputSettings | CsvOutputSettings)]
        paths = [os.path.normpath(file) for file in files]
        if len(set(paths)) != len(paths):
            msg = f"outputs: expected a different path for each file, got {paths}"
            raise ValueError(msg)
        cameras = [camera.name for camera in self.cameras]
        if len(set(cameras)) != len(cameras):
            msg = f"camera and other_cameras: expected different names, got {cameras}"
            raise ValueError(msg)
        self._check_views()
        self._check_clients()
        recipes = [self.recipe, *(other.name for other in self.other_recipes)]
        if len(set(recipes)) != len(recipes):
            msg = f"recipe and other_recipes: expected different names, got {recipes}"
            raise ValueError(msg)
        if self.bundle is None and self.plant is None:
            msg = "expected `bundle` or [plant]: without either no bundle will ever run"
            raise ValueError(msg)
        return self

    @property
    def unheard(self) -> str | None:
        """What is to be asked for over HTTP though nobody listens; None if all can be heard."""
        if self.api is not None:
            return None
        if self.camera.kind == "push":
            return f"camera {self.camera.name} (kind push)"
        return "trigger (kind software)" if self.trigger.kind == "software" else None

    @property
    def judges_at_once(self) -> int:
        """How many frames are judged at once (decision 0061)."""
        return self.judges or min(_MOST_JUDGES, os.cpu_count() or 1)

    @property
    def cameras(self) -> tuple[CameraSettings, ...]:
        """All of them."""
        return (self.camera, *self.other_cameras)

    @property
    def views(self) -> tuple[View, ...]:
        """What one trigger from outside takes; empty where each frame is a part."""
        if not isinstance(self.trigger, AskedTriggerSettings):
            return ()
        return views_of([camera.name for camera in self.cameras], self.parts)

    def _check_clients(self) -> None:
        """A broker lets a client go when another one of its name comes: both would come for ever."""
        named = (
            *((f"output {output.name}", output) for output in self.outputs),
            ("trigger", self.trigger),
            ("changeover", self.changeover),
        )
        seen: dict[tuple[str, int, str], str] = {}
        for name, settings in named:
            if not isinstance(settings, MqttBroker) or not settings.client_id:
                continue
            other = seen.setdefault((settings.host, settings.port, settings.client_id), name)
            if other != name:
                msg = f"{name}: client_id: expected another one than that of {other}, got {settings.client_id!r}: "
                msg += "the broker takes one client of a name at a time"
                raise ValueError(msg)

    def _check_views(self) -> None:
        asked = isinstance(self.trigger, AskedTriggerSettings)
        if not asked and (self.parts.shots > 1 or self.parts.view_recipes):
            msg = "parts: shots and view_recipes need a trigger of kind software, mqtt or modbus"
            raise ValueError(msg)
        names = {view.name for view in self.views}
        long = sorted(name for name in names if len(name) > MAX_VIEW_NAME)
        if long:
            msg = f"parts: shots: expected names of at most {MAX_VIEW_NAME} characters with the shot's number, "
            msg += f"got {long}: give the camera a shorter one"
            raise ValueError(msg)
        unknown = set(self.parts.view_recipes) - names
        if unknown:
            msg = f"parts: view_recipes: expected views {sorted(names)}, got {sorted(unknown)}"
            raise ValueError(msg)
        strangers = set(self.parts.view_recipes.values()) - {self.recipe, *(other.name for other in self.other_recipes)}
        if strangers:
            msg = f"parts: view_recipes: expected recipes of other_recipes, got {sorted(strangers)}"
            raise ValueError(msg)


def load_station_settings(path: Path) -> StationSettings:
    """Read a station's TOML file; relative paths in it become absolute, from the file's own folder.

    Raises:
        SettingsInvalid: unreadable, or a key that is unknown, missing or out of bounds.
    """
    anchored: StationSettings = _anchored(load_toml(StationSettings, path), path.resolve().parent)
    return anchored


def _anchored(value: Any, folder: Path) -> Any:
    """`value` with every relative path in it, at any depth, made absolute from `folder`."""
    match value:
        case Path():
            return folder / value
        case tuple():
            return tuple(_anchored(item, folder) for item in value)
        case BaseModel():
            return value.model_copy(update={name: _anchored(item, folder) for name, item in value})
    return value
