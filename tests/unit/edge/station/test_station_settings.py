"""Facts of a station's settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, SecretStr

from edge.contract.errors import SettingsInvalid
from edge.contract.settings import read_secret
from edge.station.settings import StationSettings, load_station_settings

ROOT = Path(__file__).parents[4]
MINIMAL = 'station = "s"\nrecipe = "r"\nstate_dir = "state"\nbundle = "b"\ncamera = {kind = "push"}\n'


def write(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "station.toml"
    path.write_text(text)
    return path


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and every model inside it, at any depth."""
    yield model
    for field in model.model_fields.values():
        yield from inside(field.annotation)


def inside(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from sections(annotation)
    for argument in get_args(annotation):
        yield from inside(argument)


def test_the_example_loads() -> None:
    """What the repository shows is what the software takes."""
    settings = load_station_settings(ROOT / "examples" / "station.toml")
    assert settings.plant is not None
    assert settings.api is not None


def test_the_example_names_every_setting() -> None:
    """Also those that are only shown in a comment."""
    text = (ROOT / "examples" / "station.toml").read_text()
    names = {name for model in sections(StationSettings) for name in model.model_fields}
    hidden = {"api_key"}  # a key in the file itself works, but a file of its own is what we show
    assert {
        name
        for name in names - hidden
        if f"{name} =" not in text and f"[{name}]" not in text and f"[[{name}]]" not in text
    } == set()


def test_every_setting_has_a_description_and_refuses_unknown_keys() -> None:
    found = list(sections(StationSettings))
    assert len(found) > 8
    for model in found:
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["frozen"]
        assert {name for name, field in model.model_fields.items() if not field.description} == set(), model


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    """At any depth; absolute ones stay."""
    text = MINIMAL.replace('{kind = "push"}', '{kind = "folder", folder = "frames"}')
    text += 'outputs = [{kind = "log", path = "/var/log/x"}]\n'
    settings = load_station_settings(write(tmp_path, text))
    assert settings.state_dir == tmp_path / "state"
    assert settings.camera.folder == tmp_path / "frames"
    assert settings.outputs[0].path == Path("/var/log/x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "colour = 1\n", "colour: no such key"),
        (MINIMAL + "deadline_ms = 0\n", "deadline_ms: expected a number of at least 1, got 0"),
        (MINIMAL + 'deadline_ms = "fast"\n', "deadline_ms: expected a number, got 'fast'"),
        (MINIMAL + 'outputs = {kind = "log", path = "a"}\n', r"outputs: expected a list; .* written \[\[…\]\]"),
        (MINIMAL + 'plant = {url = "plant.local:8000"}\n', "plant.url: .*https.*, got 'plant.local:8000'"),
        (MINIMAL.replace("kind", "name"), "camera: expected `kind`"),
        (MINIMAL + "spool = {max_mb = 1.0, nonsense = 2}\n", r"spool\.nonsense"),
        (MINIMAL.replace("push", "film"), "camera"),
        (MINIMAL.replace('bundle = "b"\n', ""), r"expected `bundle` or \[plant\]"),
        ("station = \n", "station.toml"),
        (
            MINIMAL + 'outputs = [{kind = "log", path = "a"}, {kind = "log", path = "b"}]\n',
            "different names",
        ),
        (
            MINIMAL + 'outputs = [{kind = "log", path = "a"}, {kind = "csv", path = "x/../a"}]\n',
            "outputs: expected a different path for each file",
        ),
        (
            MINIMAL
            + 'outputs = [{kind = "mqtt", host = "b", topic = "out", name = "mes", client_id = "cam1"}]\n'
            + 'trigger = {kind = "mqtt", host = "b", topic = "go", client_id = "cam1"}\n',
            "trigger: client_id: expected another one than that of output mes, got 'cam1'",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsInvalid, match=message):
        load_station_settings(write(tmp_path, text))


def test_a_client_of_a_broker_may_have_the_name_of_one_elsewhere(tmp_path: Path) -> None:
    """Or none: then one is made up for each connection."""
    outputs = [
        f'{{kind = "mqtt", host = "{host}", topic = "out", name = "{name}", client_id = "{client}"}}'
        for name, host, client in (("a", "one", "cam1"), ("b", "other", "cam1"), ("c", "one", ""), ("d", "one", ""))
    ]
    assert load_station_settings(write(tmp_path, f"{MINIMAL}outputs = [{', '.join(outputs)}]\n"))


def test_a_mistake_tells_no_secret(tmp_path: Path) -> None:
    """What is printed at a start stands in the journal of the machine."""
    text = MINIMAL + 'plant = {url = "ftp://me:1234@plant", api_key = 1234}\n'
    with pytest.raises(SettingsInvalid, match=r"plant\.url.*plant\.api_key") as refused:
        load_station_settings(write(tmp_path, text))
    assert "1234" not in str(refused.value)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_that_were_written_under_windows_are_read(tmp_path: Path, end: str) -> None:
    """Its editors begin a file with a mark, which is no part of a password."""
    mark = "\N{BYTE ORDER MARK}"
    (tmp_path / "key").write_bytes(f"{mark}from file{end}".encode())
    assert read_secret(None, tmp_path / "key") == "from file"
    (tmp_path / "station.toml").write_bytes((mark + MINIMAL.replace("\n", end)).encode())
    assert load_station_settings(tmp_path / "station.toml").recipe


def test_a_secret_comes_from_the_settings_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from file\n")
    assert read_secret(SecretStr("given"), None) == "given"
    assert read_secret(None, tmp_path / "key") == "from file"
    assert read_secret(None, None) is None


def test_a_key_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for name in ("missing", "empty"):
        with pytest.raises(SettingsInvalid, match=name):
            read_secret(None, tmp_path / name)


@pytest.mark.parametrize(("said", "cores", "judges"), [(0, 1, 1), (0, 2, 2), (0, 16, 2), (3, 1, 3)])
def test_there_are_as_many_judges_as_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: int, cores: int, judges: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    settings = load_station_settings(write(tmp_path, f"judges = {said}\n{MINIMAL}"))
    assert settings.judges_at_once == judges
