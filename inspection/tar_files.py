"""Taking files out of a tar archive; `extract(filter="data")` would do, but Python 3.11 has it from 3.11.4 on only."""

import shutil
import tarfile
from pathlib import Path

__all__ = ["take_out"]


def take_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write a file or a folder below `folder`: no owner, no special rights, nobody else may write it.

    Raises:
        tarfile.TarError: it is something else, or would lie outside of `folder`.
    """
    target = folder / member.name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise tarfile.ExtractError(f"member {member.name[:100]!r} would lie outside of the folder")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    source = archive.extractfile(member) if member.isreg() else None
    if source is None:
        raise tarfile.ExtractError(f"member {member.name[:100]!r}: expected a file or a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)  # a key is nobody else's at no moment
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    target.chmod((member.mode & 0o755) | 0o600)
