"""Results as HTTP POST requests."""

import httpx

from edge.contract.errors import OutputFailed
from edge.contract.result import InspectionResult
from edge.contract.settings import bearer, read_secret
from edge.contract.tls import tls_context
from edge.outputs.protocol import Output
from edge.outputs.settings import WebhookOutputSettings

__all__ = ["WebhookOutput"]


class WebhookOutput(Output):
    """POSTs the result's JSON; anything but a 2xx answer within the timeout is a failure."""

    def __init__(self, settings: WebhookOutputSettings, transport: httpx.BaseTransport | None = None) -> None:
        """Prepare a connection pool; nothing is sent yet. `transport` replaces the network in tests.

        Raises:
            SettingsInvalid: token or certificates cannot be read.
        """
        self.name = settings.name
        self._url = settings.url
        headers = {"content-type": "application/json"}
        token = read_secret(settings.bearer_token, settings.bearer_token_file)
        if token is not None:
            headers["authorization"] = bearer(token)
        self._client = httpx.Client(
            timeout=settings.timeout_s,
            headers=headers,
            verify=tls_context(settings.ca_file),
            trust_env=False,  # a proxy meant for people must not stand between the station and the line
            transport=transport,
        )

    def send(self, result: InspectionResult) -> None:
        """POST once; the header `Idempotency-Key` is the result's id, so that a repeated try can be recognised.

        Raises:
            OutputFailed: no answer, or one that is not 2xx.
        """
        try:
            answer = self._client.post(
                self._url, content=result.model_dump_json(), headers={"idempotency-key": result.id}
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            msg = f"output {self.name}: {self._url}: {type(error).__name__}: {error}"
            raise OutputFailed(msg) from error
        if not answer.is_success:
            msg = f"output {self.name}: {self._url}: expected a 2xx answer, got {answer.status_code}"
            raise OutputFailed(msg)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
