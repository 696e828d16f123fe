"""Settings of the plant service."""

from pathlib import Path

import pytest

from edge.contract.errors import SettingsInvalid
from inspection.drift.settings import DriftSettings
from inspection.rollout.settings import RolloutSettings
from inspection.settings import PlantSettings, load_plant_settings

EXAMPLE = Path(__file__).parents[3] / "examples" / "plant.toml"


def test_example_is_loaded_and_shows_every_default() -> None:
    settings = load_plant_settings(EXAMPLE)
    assert settings == PlantSettings(data_dir=EXAMPLE.parent / "plant-data")


def test_example_names_every_setting() -> None:
    text = EXAMPLE.read_text("utf-8")
    names = [*PlantSettings.model_fields, *RolloutSettings.model_fields, *DriftSettings.model_fields]
    assert [name for name in names if f"{name} =" not in text and f"[{name}]" not in text] == []


def test_every_setting_has_a_description() -> None:
    fields = {**PlantSettings.model_fields, **RolloutSettings.model_fields, **DriftSettings.model_fields}
    assert [name for name, field in fields.items() if not field.description] == []


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
