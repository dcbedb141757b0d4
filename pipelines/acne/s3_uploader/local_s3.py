"""A stand-in for S3 that lives as long as the task that needs it, and keeps its objects as files in `data/s3/`.

`data/s3/BUCKET/KEY` is an object's newest version; the ones before it are in `data/s3/.versions/`.
"""

import hashlib
import logging
from contextlib import contextmanager

import boto3
import requests

from settings import data, writing

_WHO = {"aws_access_key_id": "stand-in", "aws_secret_access_key": "stand-in", "region_name": "us-east-1"}


@contextmanager
def local_s3(bucket):
    """Yields a client. What was put is on disk when the block ends."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line per request is of no use to anybody
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)  # an earlier one of this process left its own
        s3 = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **_WHO)
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        _load(s3, bucket)
        try:
            yield s3
        finally:
            _keep(s3, bucket)
    finally:
        server.stop()


def _load(s3, bucket):
    folder, before = data() / "s3" / bucket, data() / "s3" / ".versions" / bucket
    for place in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        key = place.relative_to(folder)
        for version in [*sorted((before / key).glob("*"), key=lambda p: int(p.name)), place]:
            content = version.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            s3.put_object(Bucket=bucket, Key=str(key), Body=content, Metadata={"sha256": digest})


def _keep(s3, bucket):
    versions = {}
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            versions.setdefault(version["Key"], []).append(version["VersionId"])
    for key, newest_first in versions.items():
        for number, version in enumerate(reversed(newest_first), 1):
            place = data() / "s3" / bucket / key
            if number < len(newest_first):
                place = data() / "s3" / ".versions" / bucket / key / str(number)
            content = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
            if not place.is_file() or place.read_bytes() != content:
                with writing(place) as draft:
                    draft.write_bytes(content)
