"""What the documents promise is what the code says."""

from pathlib import Path

from inspection.api.description import description
from inspection.cli_docs import cli_markdown

DOCS = Path(__file__).parents[2] / "docs"


def test_openapi_is_up_to_date() -> None:
    """Regenerate with `python -m inspection openapi`."""
    assert (DOCS / "openapi.json").read_text("utf-8") == description()


def test_command_line_page_is_up_to_date() -> None:
    """Regenerate with `python -m inspection docs`."""
    assert (DOCS / "cli.md").read_text("utf-8") == cli_markdown()
