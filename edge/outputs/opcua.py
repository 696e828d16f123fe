"""Results and state as an OPC UA server; nodes are named as OPC 40100-1 (Machine Vision) names them.

VisionSystem
├── VisionStateMachine
│   ├── CurrentState                       Preoperational, Operational, Error, Halted
│   └── VisionAutomaticModeStateMachine
│       └── CurrentState                   Initialized, Ready
└── ResultManagement
    └── Results
        └── Result                         the latest; each one is also an event of type ResultReadyEventType
            ├── ResultId, PartId, MeasId (the trigger's number), InternalRecipeId, InternalConfigurationId (bundle)
            ├── ResultState (1 completed, 3 aborted: timeout or drop), IsPartial, IsSimulated
            ├── CreationTime, ProcessingTimes (milliseconds from frame to verdict)
            └── ResultContent (the whole result as JSON), Verdict, Score

The names are the standard's; the information model's own node set is not loaded, so this is no certified server.
"""

import hmac
import logging
import math
import socket
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.event_generator import EventGenerator
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.sync import ThreadLoop
from asyncua.ua.object_ids import ObjectIds
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge.contract.errors import OutputFailed, SettingsInvalid
from edge.contract.result import InspectionResult, Outcome
from edge.contract.settings import read_secret
from edge.listening import family_of, in_address
from edge.outputs.protocol import LineState, Output
from edge.outputs.settings import OpcUaOutputSettings

__all__ = ["NAMESPACE", "OpcUaOutput", "fields_of"]

NAMESPACE = "urn:inspection:station"
_log = logging.getLogger(__name__)
_ANSWER_S = 20.0
_COMPLETED, _ABORTED = 1, 3
_DAYS = 3650
_STRING, _DOUBLE, _BOOLEAN = ua.VariantType.String, ua.VariantType.Double, ua.VariantType.Boolean
_FIELDS: dict[str, tuple[ua.VariantType, object]] = {
    "ResultId": (_STRING, ""),
    "PartId": (_STRING, ""),
    "MeasId": (_STRING, ""),
    "InternalRecipeId": (_STRING, ""),
    "InternalConfigurationId": (_STRING, ""),
    "ResultState": (ua.VariantType.Int32, 0),
    "IsPartial": (_BOOLEAN, False),
    "IsSimulated": (_BOOLEAN, False),
    "CreationTime": (ua.VariantType.DateTime, datetime(1970, 1, 1, tzinfo=UTC)),
    "ProcessingTimes": (_DOUBLE, 0.0),
    "ResultContent": (_STRING, ""),
    "Verdict": (_STRING, ""),
    "Score": (_DOUBLE, math.nan),
}
"""Type of each field, and what it says before the first result."""


class OpcUaOutput(Output):
    """Runs the server in a thread of its own; a result is taken once its nodes are written."""

    def __init__(self, settings: OpcUaOutputSettings) -> None:
        """Prepare; nothing listens yet.

        Raises:
            SettingsInvalid: no password, or it cannot be read.
        """
        password = read_secret(settings.password, settings.password_file)
        if password is None:
            raise SettingsInvalid(f"output {settings.name}: expected `password` or `password_file`, got neither")
        self.name = settings.name
        self._settings = settings
        self._password = password
        self._loop: ThreadLoop | None = None
        self._server: _VisionServer | None = None

    def send(self, result: InspectionResult) -> None:
        """Write the result's nodes and raise its event.

        Raises:
            OutputFailed: the server does not run.
        """
        self._ask(lambda server: server.show_result(result))

    def attend(self, state: LineState) -> None:
        """Start the server with the first call; show the state.

        Raises:
            OutputFailed: the server does not run.
        """
        self._ask(lambda server: server.show_state(state))

    def close(self) -> None:
        """Say Halted and stop listening."""
        if self._loop is None:
            return
        try:
            if self._server is not None:
                self._loop.post(self._server.stop())
        except Exception as error:  # noqa: BLE001 - at the end there is nobody left to tell
            _log.warning("output %s: %s", self.name, error)
        self._loop.stop()
        self._loop = self._server = None

    def _ask(self, request: Callable[["_VisionServer"], Coroutine[None, None, None]]) -> None:
        try:
            loop, server = self._running()
            loop.post(request(server))
        except Exception as error:
            # The library raises many kinds, from OSError to its own; none of them may end the lane.
            msg = f"output {self.name}: {_address(self._settings)}: {type(error).__name__}: {error}"
            raise OutputFailed(msg) from error

    def _running(self) -> tuple[ThreadLoop, "_VisionServer"]:
        if self._loop is None:
            self._loop = ThreadLoop(timeout=_ANSWER_S)
            self._loop.start()
        if self._server is None:
            # Building the nodes takes a second: ask for the port before.
            host = self._settings.host
            socket.create_server((host, self._settings.port), family=family_of(host)).close()
            server = _VisionServer(self._settings, self._password)
            self._loop.post(server.start())
            self._server = server
        return self._loop, self._server


class _VisionServer:
    """The server and its nodes, inside its event loop."""

    def __init__(self, settings: OpcUaOutputSettings, password: str) -> None:
        self._settings = settings
        self._server = Server(user_manager=_OneUser(settings.username, password))
        self._states: list[Node] = []
        self._fields: dict[str, Node] = {}
        self._event: EventGenerator | None = None
        self._was_ready = False
        self._shown: tuple[str, str] | None = None

    async def start(self) -> None:
        """Make certificate, nodes and event type, then listen."""
        settings, server = self._settings, self._server
        await server.init()
        await server.set_application_uri(NAMESPACE)
        server.set_endpoint(f"opc.tcp://{_address(settings)}/inspection")
        server.set_server_name("inspection station")
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        server.set_identity_tokens([ua.UserNameIdentityToken])
        _ensure_certificate(settings.certificate_file, settings.private_key_file)
        await server.load_certificate(str(settings.certificate_file))
        await server.load_private_key(settings.private_key_file)
        await self._add_nodes(await server.register_namespace(NAMESPACE))
        await server.start()

    async def stop(self) -> None:
        """Halt."""
        await self._show("Halted", "Initialized")
        await self._server.stop()

    async def show_state(self, state: LineState) -> None:
        """Write both states if they changed."""
        self._was_ready |= state.ready
        if state.ready:
            await self._show("Operational", "Ready")
        else:
            await self._show("Error" if self._was_ready else "Preoperational", "Initialized")

    async def show_result(self, result: InspectionResult) -> None:
        """Write all fields, then raise the event that carries them together."""
        fields = fields_of(result)
        for name, value in fields.items():
            await self._fields[name].write_value(value, _FIELDS[name][0])
        if self._event is not None:
            for name, value in fields.items():
                setattr(self._event.event, name, value)
            await self._event.trigger(message=f"{result.verdict} {result.part_id}")

    async def _show(self, system: str, automatic: str) -> None:
        if self._shown == (system, automatic):
            return
        for node, name in zip(self._states, (system, automatic), strict=True):
            await node.write_value(ua.LocalizedText(name))
        self._shown = (system, automatic)

    async def _add_nodes(self, space: int) -> None:
        system = await self._server.nodes.objects.add_object(space, "VisionSystem")
        machine = await system.add_object(space, "VisionStateMachine")
        automatic = await machine.add_object(space, "VisionAutomaticModeStateMachine")
        for parent, name in ((machine, "Preoperational"), (automatic, "Initialized")):
            self._states.append(await parent.add_variable(space, "CurrentState", ua.LocalizedText(name)))
        management = await system.add_object(space, "ResultManagement")
        results = await management.add_folder(space, "Results")
        result = await results.add_object(space, "Result")
        for name, (kind, value) in _FIELDS.items():
            self._fields[name] = await result.add_variable(space, name, value, kind)
        event_type = await self._server.create_custom_event_type(
            space, "ResultReadyEventType", ObjectIds.BaseEventType, [(n, k) for n, (k, _) in _FIELDS.items()]
        )
        self._event = await self._server.get_event_generator(event_type)


class _OneUser(UserManager):
    """Lets one user in, to read."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password

    def get_user(
        self, iserver: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        """The user if name and password are right; None keeps everybody else out."""
        del iserver, certificate
        right = hmac.compare_digest((username or "").encode(), self._username.encode())
        right &= hmac.compare_digest((password or "").encode(), self._password.encode())
        return User(role=UserRole.User, name=username) if right else None


def fields_of(result: InspectionResult) -> dict[str, object]:
    """The result under the standard's names."""
    return {
        "ResultId": result.id,
        "PartId": result.part_id,
        "MeasId": str(result.sequence),
        "InternalRecipeId": result.recipe,
        "InternalConfigurationId": result.bundle_id or "",
        "ResultState": _COMPLETED if result.outcome is Outcome.VERDICT else _ABORTED,
        "IsPartial": False,
        "IsSimulated": False,
        "CreationTime": result.captured_at,
        "ProcessingTimes": result.frame_to_verdict_ms or 0.0,
        "ResultContent": result.model_dump_json(),
        "Verdict": result.verdict.value,
        "Score": math.nan if result.score is None else result.score,
    }


def _address(settings: OpcUaOutputSettings) -> str:
    return f"{in_address(settings.host)}:{settings.port}"


def _ensure_certificate(certificate: Path, key: Path) -> None:
    """Write a self-signed pair where there is none; what somebody put there stays as it is.

    Raises:
        OutputFailed: one of the two is there without the other.
    """
    there = {path: path.exists() for path in (certificate, key)}
    if all(there.values()):
        return
    if any(there.values()):
        told = ", ".join(f"{path} is {'there' if is_there else 'missing'}" for path, is_there in there.items())
        raise OutputFailed(f"expected certificate and key together, or neither: {told}")
    for path in (certificate, key):
        path.parent.mkdir(parents=True, exist_ok=True)
    private = generate_private_key()
    host = socket.gethostname()
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(NAMESPACE), x509.DNSName(host)]
    made = generate_self_signed_app_certificate(
        private, "inspection station", {}, names, [ExtendedKeyUsageOID.SERVER_AUTH], days=_DAYS
    )
    key.touch(mode=0o600)
    key.write_bytes(dump_private_key_as_pem(private))
    certificate.write_bytes(made.public_bytes(Encoding.DER))
