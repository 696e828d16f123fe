"""An S3 server that checks signatures: moto over HTTP, in an environment of its own (`make setup`)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.prefix) / "s3-server" / "bin" / "python"
BUCKET = "inspection-images"

_SERVER = """
import json, os, sys
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"  # the four calls below; everything after them must be signed
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
url = "http://%s:%s" % server.get_host_and_port()
options = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
iam = boto3.client("iam", **options)
iam.create_user(UserName="plant")
key = iam.create_access_key(UserName="plant")["AccessKey"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="plant", PolicyName="images", PolicyDocument=json.dumps(policy))
boto3.client("s3", **options).create_bucket(Bucket=sys.argv[1])
print(json.dumps({"url": url, "id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class S3Server:
    """A running server with one bucket and one user who may use it."""

    url: str
    key_id: str
    secret_file: Path

    def images(self, prefix: str, **changes: Any) -> dict[str, Any]:
        """What `images` of PLANT.toml says."""
        said = {
            "kind": "s3",
            "bucket": BUCKET,
            "prefix": prefix,
            "endpoint": self.url,
            "access_key_id": self.key_id,
            "secret_access_key_file": str(self.secret_file),
        }
        return {**said, **changes}


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start it; `folder` holds the secret."""
    process = subprocess.Popen(
        [PROGRAM, "-c", _SERVER, BUCKET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        secret = folder / "s3-secret"
        secret.write_text(said["secret"] + "\n", "utf-8")
        yield S3Server(said["url"], said["id"], secret)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
