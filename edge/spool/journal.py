"""Results between verdict and spool, in memory that outlives the process: what kill -9 must not lose.

A file mapped into memory. Writing to it is a copy of a kilobyte, with no call into the system and no wait for a disk;
the kernel keeps the pages when the process dies. (Not when the machine loses power: that is the spool's business.)

The file is a row of equal slots: 4 bytes length, 0 for a free one, then a result's JSON.
"""

import errno
import logging
import mmap
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from edge.contract.errors import SettingsInvalid
from edge.contract.result import InspectionResult

__all__ = ["Journal"]

_log = logging.getLogger(__name__)
_SLOT = 4096
_LENGTH = struct.Struct("<I")


class Journal:
    """Every method may be called from any thread; none waits for a disk once the file is open.

    Attributes:
        missed: results that found no free slot, or were too long for one; they are safe only once they are spooled.
    """

    def __init__(self, path: Path, slots: int = 512) -> None:
        """Open the file, or make it; on a full disk go on without one, so that the line does.

        Raises:
            SettingsInvalid: it cannot be written.
        """
        self.missed = 0
        self._lock = Lock()
        try:
            self._memory = _mapped(path, slots * _SLOT)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise SettingsInvalid(f"journal {path}: {error}") from error
            _log.error("journal %s: %s; results are safe only once they are spooled", path, error)
            self._memory, slots = mmap.mmap(-1, _SLOT), 0
        self._slot_of: dict[str, int] = {}
        self._left = self._read(slots)
        self._free = [n for n in range(slots) if n not in self._slot_of.values()]

    def left(self) -> list[InspectionResult]:
        """What an earlier process told the line and did not spool, in its order; stays until it is released."""
        return self._left

    def put(self, result: InspectionResult) -> None:
        """Remember a result before anybody is told."""
        data = result.model_dump_json().encode()
        with self._lock:
            if len(data) > _SLOT - _LENGTH.size or not self._free:
                self.missed += 1
                return
            slot = self._free.pop()
            self._slot_of[result.id] = slot
            start = slot * _SLOT + _LENGTH.size
            self._memory[start : start + len(data)] = data
            # The length last: a slot counts only once it is whole.
            _LENGTH.pack_into(self._memory, slot * _SLOT, len(data))

    def release(self, ids: Sequence[str]) -> None:
        """Forget results that are in the spool."""
        with self._lock:
            for identity in ids:
                slot = self._slot_of.pop(identity, None)
                if slot is not None:
                    _LENGTH.pack_into(self._memory, slot * _SLOT, 0)
                    self._free.append(slot)

    def holds(self, identity: str) -> bool:
        """Whether the result of that id is safe here."""
        with self._lock:
            return identity in self._slot_of

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()

    def _read(self, slots: int) -> list[InspectionResult]:
        found = []
        for slot in range(slots):
            (length,) = _LENGTH.unpack_from(self._memory, slot * _SLOT)
            if 0 < length <= _SLOT - _LENGTH.size:
                start = slot * _SLOT + _LENGTH.size
                found += self._parsed(slot, self._memory[start : start + length])
        return sorted(found, key=lambda result: result.sequence)

    def _parsed(self, slot: int, data: bytes) -> list[InspectionResult]:
        try:
            result = InspectionResult.model_validate_json(data)
        except ValidationError as error:
            _log.error("journal: slot %d holds no result: %s", slot, error.errors()[0]["msg"])
            return []
        self._slot_of[result.id] = slot
        return [result]


def _mapped(path: Path, size: int) -> mmap.mmap:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        # Every page on the disk before it is used: writing to a hole of a full disk would kill the process.
        os.posix_fallocate(file.fileno(), 0, size)
        return mmap.mmap(file.fileno(), size)
