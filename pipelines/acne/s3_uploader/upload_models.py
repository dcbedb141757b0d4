"""Uploads the model in use to S3: graph, labels and figures under keys that carry the model's time, and `latest.json`,
which names them. That one comes last, so that who reads it never finds a graph that is not there.

The store is the one that the Airflow connection `acne_s3` names, or the usual AWS variables (AWS_ENDPOINT_URL,
AWS_PROFILE, AWS_ACCESS_KEY_ID ...); with neither, a stand-in on this machine (see local_s3.py).
"""

import hashlib
import json
import os
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from s3_uploader.local_s3 import local_s3
from settings import GRAPH, LABELS, METRICS, PipelineError, current_model

bucket_name = "acne-models"  # yours, or set the Airflow variable acne_bucket

CONNECTION = "acne_s3"
REAL = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN")
PATIENCE = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})


def upload_models(bucket="", after_training=""):
    """Uploads the model in use, if the bucket has it not yet. `after_training`: the stamp that the model must have."""
    bucket = bucket or bucket_name
    try:
        folder = current_model()
    except PipelineError:
        if after_training:
            raise
        print("There is no model yet, so there is nothing to upload before the first training.")
        return None
    if after_training and folder.name != after_training:
        raise PipelineError(
            f"The training of {after_training} left no model: the one in use is {folder.name}. See TrainModel's log."
        )
    with store(bucket) as s3, in_sentences(bucket):
        make_ready(s3, bucket)
        return upload(s3, bucket, folder)


def upload(s3, bucket, folder):
    stamp = folder.name
    files = {name: folder / name for name in (GRAPH, LABELS, METRICS)}
    keys = {name: f"model/{stamp}_{name}" for name in files}
    for name, place in files.items():
        content = place.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if has(s3, bucket, keys[name], digest):
            print(f"  {keys[name]}: there already")
            continue
        put = s3.put_object(Bucket=bucket, Key=keys[name], Body=content, Metadata={"sha256": digest})
        print(f"  {keys[name]}: {size(len(content))}, version {put.get('VersionId', '-')}")
    figures = json.loads(files[METRICS].read_text())
    latest = {"stamp": stamp, "accuracy": figures["accuracy"], "size_bytes": figures["size_bytes"], "keys": keys}
    text = json.dumps(latest, indent=1).encode()
    digest = hashlib.sha256(text).hexdigest()
    if not has(s3, bucket, "model/latest.json", digest):
        put = s3.put_object(Bucket=bucket, Key="model/latest.json", Body=text, Metadata={"sha256": digest})
        print(f"  model/latest.json: now {stamp}, version {put.get('VersionId', '-')}")
    listing = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="model/")
    graphs = [o for page in listing for o in page.get("Contents", []) if o["Key"].endswith(GRAPH)]
    print(f"s3://{bucket}/model/ holds {len(graphs)} graphs, {size(sum(o['Size'] for o in graphs))} together.")
    return f"s3://{bucket}/{keys[GRAPH]}"


def has(s3, bucket, key, digest):
    try:
        return s3.head_object(Bucket=bucket, Key=key)["Metadata"].get("sha256") == digest
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise


def make_ready(s3, bucket):
    s3.head_bucket(Bucket=bucket)
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        print(f"Versioning of {bucket} is off: what is overwritten there is gone. Its properties have the switch.")


@contextmanager
def store(bucket):
    """A client of the store that is named; of the stand-in if none is."""
    found = connection()
    if found is not None:
        extra = found.extra_dejson
        endpoint = extra.get("endpoint_url") or extra.get("host") or (f"http://{found.host}" if found.host else None)
        print(f"S3: the Airflow connection {CONNECTION} ({endpoint or 'AWS'}).")
        keys = {"aws_access_key_id": found.login or None, "aws_secret_access_key": found.password or None}
        yield boto3.client("s3", endpoint_url=endpoint, region_name=extra.get("region_name"), config=PATIENCE, **keys)
    elif any(os.environ.get(name) for name in REAL):
        print("S3: as the AWS environment variables say.")
        yield boto3.client("s3", config=PATIENCE)
    else:
        print(f"S3: neither a connection {CONNECTION} nor AWS variables name one, so a stand-in here is used.")
        with local_s3(bucket) as s3:
            yield s3


def connection():
    try:
        from airflow.exceptions import AirflowNotFoundException
        from airflow.hooks.base import BaseHook
    except ImportError:  # outside of Airflow
        return None
    try:
        return BaseHook.get_connection(CONNECTION)
    except AirflowNotFoundException:
        return None


@contextmanager
def in_sentences(bucket):
    """What goes wrong with S3 is said in one sentence; the temporary has been tried four times by then."""
    try:
        yield
    except NoCredentialsError as error:
        raise PipelineError("S3 asks who you are: give the connection or the environment an access key.") from error
    except ClientError as error:
        status, code = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            said = f"There is no bucket {bucket}: create it, or set bucket_name in s3_uploader/upload_models.py."
        elif status in (401, 403):
            said = f"S3 denies access to the bucket {bucket} ({code}): its key may not {error.operation_name} there."
        else:
            said = f"S3 answered {status} {code} to {error.operation_name} on {bucket}, after four attempts."
        raise PipelineError(said) from error
    except BotoCoreError as error:
        raise PipelineError(f"S3 cannot be reached, after four attempts: {error}") from error


def size(number):
    return f"{number / 1e6:.2f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"
