"""Everything that can go wrong, as one tree; foreign exceptions stop at the adapter that met them.

InspectionError
├── BadInput                 what was given cannot be used as it is (exit code 2)
│   ├── SettingsInvalid      a TOML file or option: unknown key, out of bounds, missing
│   ├── DataInvalid          training or test images: none, too few, unreadable
│   │   └── NothingToAccept  the bundle passes all that was accepted as it is
│   ├── AddressInUse         the port is taken
│   └── BundleRefused        a model bundle that must not run
│       ├── BundleCorrupt    not a bundle, or a file inside does not match its hash
│       ├── BundleUnsigned   no signature, or not by a trusted key
│       ├── BundleTooNew     written by a newer version of the format
│       └── BundleMismatch   for another part type, or its graph differs from its manifest
├── GateRefused              the evidence says no: parity or promotion (exit code 1)
├── FrameRejected            one frame cannot be judged (the station answers UNDECIDED)
│   └── PartNotFound         no turn and shift puts the part where the golden image has it
├── CameraLost               the camera stopped delivering (the station reconnects)
├── ControllerLost           a PLC or a broker does not answer (connected again; what was missed is counted)
├── OutputFailed             one output did not take a verdict (retried, others go on)
├── SpoolFull                the disk took no more (records wait in memory, images are given up and counted)
├── PlantError
│   ├── PlantUnreachable     no answer (retried with backoff; the line goes on)
│   │   └── PlantBusy        it asks to wait (retried no earlier than it says)
│   └── PlantRefused         an answer that says no (shown on the station; not retried blindly)
│       ├── PlantLacks       it has no such thing, or has it no more (told, the others are gone on with)
│       └── ContentRefused   it will never take this record or image (set aside, counted, kept)
├── RequestRefused           the plant service refuses what a person or station asks
│   ├── NotSignedIn          nobody is signed in, or the key is unknown
│   ├── NotAllowed           the role or the key does not cover it
│   ├── NotFound             there is no such thing
│   ├── Gone                 it was here, and a rule of the plant removed it
│   ├── Conflict             it does not go with what is there
│   ├── TooLarge             more bytes than the settings allow
│   └── TooManyAttempts      wrong passwords; wait
└── JobError
    ├── JobFailed            a training or gate job broke
    └── JobCancelled         a person stopped it
"""

__all__ = [
    "AddressInUse",
    "BadInput",
    "BundleCorrupt",
    "BundleMismatch",
    "BundleRefused",
    "BundleTooNew",
    "BundleUnsigned",
    "CameraLost",
    "Conflict",
    "ContentRefused",
    "ControllerLost",
    "DataInvalid",
    "FrameRejected",
    "GateRefused",
    "Gone",
    "InspectionError",
    "JobCancelled",
    "JobError",
    "JobFailed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "NothingToAccept",
    "OutputFailed",
    "PartNotFound",
    "PlantBusy",
    "PlantError",
    "PlantLacks",
    "PlantRefused",
    "PlantUnreachable",
    "RequestRefused",
    "SettingsInvalid",
    "SpoolFull",
    "TooLarge",
    "TooManyAttempts",
]


class InspectionError(Exception):
    """Root of the tree; its message names the thing, what was expected and what came."""


class BadInput(InspectionError):
    """The caller must change what was given; nothing was started or written."""


class SettingsInvalid(BadInput):
    """A setting is unknown, missing or out of bounds; the process does not start."""


class DataInvalid(BadInput):
    """The images cannot be trained or evaluated on as they are; the message lists the offending files."""


class NothingToAccept(DataInvalid):
    """The bundle passes all that was accepted already; no bundle is written, and the labels stay as they are."""


class AddressInUse(BadInput):
    """Another process listens on the address; the process does not start."""


class BundleRefused(BadInput):
    """The bundle must not run; a station keeps the one it has."""


class BundleCorrupt(BundleRefused):
    """Not a bundle, incomplete, or changed since it was written."""


class BundleUnsigned(BundleRefused):
    """No signature, or none by a key this process trusts."""


class BundleTooNew(BundleRefused):
    """A newer format than this version reads; update the software first."""


class BundleMismatch(BundleRefused):
    """Made for another part type, or the graph inside differs from what the manifest says."""


class GateRefused(InspectionError):
    """The evidence does not allow it: parity failed, or the challenger is worse; nothing was changed."""


class FrameRejected(InspectionError):
    """This frame cannot be judged; the station answers UNDECIDED and keeps the frame."""


class PartNotFound(FrameRejected):
    """The part does not register with the golden image; wrong part, or none: the station answers UNDECIDED."""


class CameraLost(InspectionError):
    """The camera stopped delivering; the station reconnects with backoff."""


class ControllerLost(InspectionError):
    """A PLC or a broker does not answer, or answers no; it is connected again at the next use."""


class OutputFailed(InspectionError):
    """An output did not take a verdict; it is retried and never delays another output."""


class SpoolFull(InspectionError):
    """The spool's disk or size limit is reached; records wait in memory, images are given up and counted."""


class PlantError(InspectionError):
    """Talking to the plant service failed; the line goes on."""


class PlantUnreachable(PlantError):
    """The plant service gave no answer; try again later."""


class PlantBusy(PlantUnreachable):
    """The plant service asks to wait; try again after `retry_after_s` seconds, not earlier."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PlantRefused(PlantError):
    """The plant service answered no; the message says why."""


class PlantLacks(PlantRefused):
    """The plant service has no such thing, or a rule removed it; the caller goes on without it, and says so."""


class ContentRefused(PlantRefused):
    """The plant service will never take this record or image; the station sets it aside and goes on with the next."""


class JobError(InspectionError):
    """A job ended without its result; nothing was registered by the step that ended it."""


class JobFailed(JobError):
    """The job's process answered an error; the log says why, and the job can be started again."""


class JobCancelled(JobError):
    """A person or the end of the service stopped the job; it can be started again."""


class RequestRefused(InspectionError):
    """The plant service refuses a request; nothing was changed and the message says what to do."""


class NotSignedIn(RequestRefused):
    """No session or key, or one that is unknown or expired; sign in again, or set the station's key."""


class NotAllowed(RequestRefused):
    """Known, but this role or station may not do it; ask someone who may."""


class NotFound(RequestRefused):
    """The named thing is not there; the caller checks the name."""


class Gone(RequestRefused):
    """The named thing was here and was removed by a rule of the plant; asking again does not help."""


class Conflict(RequestRefused):
    """It contradicts what is there; the caller looks at the current state first."""


class TooLarge(RequestRefused):
    """More bytes than the settings allow; send less or raise the limit."""


class TooManyAttempts(RequestRefused):
    """Too many failed sign-ins; wait a minute and try again."""
