"""Where the plant keeps image files, as PLANT.toml says it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["DiskImages", "ImagesSettings", "S3Images"]


class DiskImages(BaseModel):
    """Files in the folder `images` of `data_dir`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[Literal["disk"], Field(description="Files in the folder `images` of `data_dir`.")] = "disk"


class S3Images(BaseModel):
    """Objects in a bucket that speaks S3: Amazon's, MinIO, Ceph, Garage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[Literal["s3"], Field(description="Objects in a bucket; needs the extra `s3`.")]
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="Name of the bucket.")]
    prefix: Annotated[
        str, Field(max_length=200, pattern=r"^[\w./-]*$", description="Put before every name, as `plant-1/images`.")
    ] = ""
    endpoint: Annotated[
        str | None, Field(pattern=r"^https?://", description="Address of the server; None is Amazon's of the region.")
    ] = None
    region: Annotated[str, Field(min_length=1, max_length=64, description="Region that signatures name.")] = "us-east-1"
    access_key_id: Annotated[
        str | None,
        Field(max_length=128, description="Whose key it is; None takes AWS_ACCESS_KEY_ID or the machine's role."),
    ] = None
    secret_access_key_file: Annotated[
        Path | None, Field(description="File with the secret key; None takes AWS_SECRET_ACCESS_KEY or the role.")
    ] = None
    timeout_s: Annotated[float, Field(gt=0, le=300, description="Seconds that one request may take.")] = 30


ImagesSettings = Annotated[DiskImages | S3Images, Field(discriminator="kind")]
