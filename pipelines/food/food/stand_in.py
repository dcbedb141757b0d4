"""An S3 server of our own with generated pictures, for as long as a step needs one: no account, no network.

The pictures are kept in the data folder and made once; the server (moto's) lives in the step's own process and ends
with it. Its bucket is public as the real one is: whoever asks may read, nobody may write.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from . import pictures
from .config import Source, data_folder, number
from .writing import locked, whole_folder

BUCKET = "food.local"
ACCOUNT = "123456789012"  # the one that moto's server takes everybody for


@contextmanager
def standing_in(source: Source) -> Iterator[Source]:
    """The source as a client finds it: a bucket and the address of the server."""
    kept = _pictures()
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _fill(kept, source)
        host, port = server.get_host_and_port()
        yield replace(source, bucket=BUCKET, endpoint=f"http://{host}:{port}")
    finally:
        server.stop()


def _pictures() -> Path:
    """The folder they are in. Whoever comes first makes them; the others wait."""
    wanted = number("FOOD_PICTURES", 360)
    place = data_folder() / f"bucket-{wanted}"
    with locked(data_folder() / "bucket.lock"):
        if not place.exists():
            every = list(pictures.named(wanted))
            print(f"No bucket is named: drawing {len(every)} pictures into {place}, once.", flush=True)
            with whole_folder(place) as made:
                for one in every:
                    (made / one.name).parent.mkdir(exist_ok=True)
                    (made / one.name).write_bytes(pictures.jpeg(one))
    return place


def _fill(kept: Path, source: Source) -> None:
    """Straight into the server's memory: a request for each picture would take longer than the step itself."""
    from moto.s3.models import s3_backends

    backend = s3_backends[ACCOUNT]["aws"]
    if BUCKET in backend.buckets:
        backend.reset()
    backend.create_bucket(BUCKET, source.region)
    for file in sorted(kept.rglob("*.jpg")):
        backend.put_object(BUCKET, f"{source.prefix}/{file.relative_to(kept).as_posix()}", file.read_bytes())
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = {"Version": "2012-10-17", "Statement": [anybody]}
    backend.put_bucket_policy(BUCKET, json.dumps(policy).encode())
