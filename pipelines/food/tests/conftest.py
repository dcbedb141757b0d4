"""A data folder of its own for each test, few pictures, and an S3 server whose contents a test chooses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

NAMES = ("BUCKET", "PREFIX", "UNKNOWN", "REGION", "ENDPOINT", "SIGNED", "SETS", "PAGE", "PICTURES", "DATA")


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(f"FOOD_{name}", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("FOOD_PICTURES", "60")
    monkeypatch.setenv("FOOD_SETS", "3")
    monkeypatch.setenv("FOOD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def s3(monkeypatch):
    """A client that may write, of a server that the environment names."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    monkeypatch.setenv("FOOD_ENDPOINT", address)
    monkeypatch.setenv("FOOD_BUCKET", "theirs")
    keys = {"aws_access_key_id": "me", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="theirs")
    yield client
    client.close()
    server.stop()
    from moto.s3.models import s3_backends

    s3_backends["123456789012"]["aws"].reset()
