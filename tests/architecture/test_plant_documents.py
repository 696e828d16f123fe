"""What the documents promise is what the code says."""

from pathlib import Path

import pytest

from inspection.api.client_source import CLIENT_MODULES, client_source
from inspection.api.description import description
from inspection.cli_docs import cli_markdown
from inspection.settings import PlantSettings
from inspection.settings_docs import configuration_markdown

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_openapi_is_up_to_date() -> None:
    """Regenerate with `python -m inspection openapi`."""
    assert (DOCS / "openapi.json").read_text("utf-8") == description()


@pytest.mark.parametrize("module", CLIENT_MODULES, ids=str)
def test_the_client_has_every_operation_as_the_api_has_it(module: Path) -> None:
    """Regenerate with `make docs`."""
    assert (ROOT / module).read_text("utf-8") == client_source(module)


def test_command_line_page_is_up_to_date() -> None:
    """Regenerate with `python -m inspection docs`."""
    assert (DOCS / "cli.md").read_text("utf-8") == cli_markdown()


def test_configuration_page_is_up_to_date_and_names_every_setting() -> None:
    """Regenerate with `python -m inspection docs`."""
    page = (DOCS / "configuration.md").read_text("utf-8")
    assert page == configuration_markdown()
    assert [name for name in PlantSettings.model_fields if f"| `{name}` |" not in page] == []
    assert "|  |\n" not in page  # a setting without a description
