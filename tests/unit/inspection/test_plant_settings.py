"""Settings of the plant service."""

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from edge.contract.errors import SettingsInvalid
from inspection.alerts.settings import AlertSettings
from inspection.drift.settings import DriftSettings
from inspection.rollout.settings import RolloutSettings
from inspection.settings import PlantSettings, load_plant_settings

EXAMPLE = Path(__file__).parents[3] / "examples" / "plant.toml"


def _fields() -> dict[str, FieldInfo]:
    parts = (PlantSettings, RolloutSettings, DriftSettings, AlertSettings)
    return {name: field for part in parts for name, field in part.model_fields.items()}


def test_example_is_loaded_and_shows_every_default() -> None:
    settings = load_plant_settings(EXAMPLE)
    assert settings == PlantSettings(data_dir=EXAMPLE.parent / "plant-data")


def test_example_names_every_setting() -> None:
    text = EXAMPLE.read_text("utf-8")
    assert [name for name in _fields() if f"{name} =" not in text and f"[{name}]" not in text] == []


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in _fields().items() if not field.description] == []


def test_unknown_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "PLANT.toml"
    path.write_text("prot = 8000\n", "utf-8")
    with pytest.raises(SettingsInvalid, match="prot"):
        load_plant_settings(path)


def test_port_out_of_bounds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "PLANT.toml"
    path.write_text("port = 70000\n", "utf-8")
    with pytest.raises(SettingsInvalid, match="port"):
        load_plant_settings(path)


def test_relative_paths_are_taken_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "PLANT.toml"
    path.write_text('data_dir = "data"\nadmin_password_file = "secret"\n', "utf-8")
    settings = load_plant_settings(path)
    assert settings.data_dir == tmp_path / "data"
    assert settings.admin_password_file == tmp_path / "secret"


def test_secrets_of_alert_targets_are_taken_from_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "PLANT.toml"
    target = 'kind = "webhook", name = "mes", url = "http://mes", secret_file = "secret"'
    path.write_text(f"alerts.targets = [{{ {target} }}]\n", "utf-8")
    (found,) = load_plant_settings(path).alerts.targets
    assert found.model_dump()["secret_file"] == tmp_path / "secret"
