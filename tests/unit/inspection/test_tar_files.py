"""What comes out of an archive: files and folders, below the folder, and nobody else's to write."""

import io
import tarfile
from pathlib import Path

import pytest

from inspection.tar_files import take_out


def take(folder: Path, member: tarfile.TarInfo, data: bytes = b"") -> None:
    """An archive with this one member, taken out."""
    member.size = len(data)
    with tarfile.open(fileobj=(file := io.BytesIO()), mode="w") as archive:
        archive.addfile(member, io.BytesIO(data))
    file.seek(0)
    with tarfile.open(fileobj=file) as archive:
        for found in archive:
            take_out(archive, found, folder)


def member(name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.linkname = kind, mode, "/etc/passwd"
    return made


@pytest.mark.parametrize(("stored", "taken"), [(0o644, 0o644), (0o600, 0o600), (0o4777, 0o755), (0o000, 0o600)])
def test_a_file_keeps_its_content_and_no_special_rights(tmp_path: Path, stored: int, taken: int) -> None:
    take(tmp_path, member("keys/key.pem", mode=stored), b"secret")
    assert (tmp_path / "keys" / "key.pem").read_bytes() == b"secret"
    assert (tmp_path / "keys" / "key.pem").stat().st_mode & 0o7777 == taken


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/tmp/out-of-the-folder"])
def test_nothing_gets_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(tarfile.TarError, match="outside of the folder"):
        take(tmp_path / "inside", member(name), b"data")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(tarfile.TarError, match="expected a file or a folder"):
        take(tmp_path, member("odd", kind))
    assert list(tmp_path.iterdir()) == []
