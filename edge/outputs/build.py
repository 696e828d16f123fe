"""From settings to an output; the one place that knows every kind."""

from typing import assert_never

from edge.outputs.protocol import Output
from edge.outputs.settings import LogOutputSettings, OutputSettings, WebhookOutputSettings

__all__ = ["build_output"]


def build_output(settings: OutputSettings) -> Output:
    """The output that the settings describe; only its own module is imported."""
    match settings:
        case WebhookOutputSettings():
            from edge.outputs.webhook import WebhookOutput  # noqa: PLC0415 - a kind that is not used is not loaded

            return WebhookOutput(settings)
        case LogOutputSettings():
            from edge.outputs.log import LogOutput  # noqa: PLC0415 - the same

            return LogOutput(settings)
    assert_never(settings)
