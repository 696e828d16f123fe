"""From the settings to the store of image files."""

from importlib.util import find_spec
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from inspection.store.blobs import BlobStore, DiskBlobStore
from inspection.store.image_settings import DiskImages, ImagesSettings

__all__ = ["open_image_store"]


def open_image_store(settings: ImagesSettings, data: Path) -> BlobStore:
    """The store that the settings name; `data` is the plant's data folder.

    Raises:
        SettingsInvalid: the bucket cannot be used, or the extra `s3` is not installed.
    """
    match settings:
        case DiskImages():
            return DiskBlobStore(data / "images")
        case _:
            if find_spec("obstore") is None:
                raise SettingsInvalid(
                    "images of kind `s3` need obstore, which is not installed: pip install 'inspection[s3]'"
                )
            from inspection.store.s3 import S3BlobStore  # noqa: PLC0415 - late: one of the two is used

            return S3BlobStore(settings)
