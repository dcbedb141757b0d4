"""Where pictures come from and where results go: the only reader of this project's environment variables.

A password stands in no file: it comes from the environment, or from a connection of Airflow that the DAG file hands on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent

CLASSES = ("not food", "food")  # the number before the first "_" of a picture's name: 0 is not food, all else is
TRAIN, VAL, TEST = "training", "validation", "evaluation"  # the folders of Food-5K
UNKNOWN = "unknown"
SET = "imgs_str_"  # and a number: a set that an agent takes
SIDE_PX = 128  # every picture is made this wide and high
SURE = 0.7  # from this probability on a class is called sure
CORRUPT_MAX = 0.1  # share of a set's pictures that may be unreadable before the set fails


class FoodError(Exception):
    """A sentence for whoever runs this: something is wrong that another try does not mend."""


class NotNow(FoodError):
    """A sentence for whoever runs this: something may be better in a moment."""


@dataclass(frozen=True)
class Source:
    """A place in S3. Without a bucket: a server of our own with generated pictures."""

    bucket: str = ""
    prefix: str = "Food-5K"
    unknown: str = "Food-5K/unknown"
    region: str = "us-east-2"
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    is_signed: bool = False  # False: anonymous, as a public bucket is read

    @property
    def is_own(self) -> bool:
        return not self.bucket

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}" + (f" at {self.endpoint}" if self.endpoint else "")


def source_of_environment(environ: Mapping[str, str] = os.environ) -> Source:
    """FOOD_BUCKET names the bucket. FOOD_SIGNED=1 signs requests with whatever credentials boto3 finds by itself."""
    prefix = environ.get("FOOD_PREFIX", "Food-5K").strip("/")
    return Source(
        bucket=environ.get("FOOD_BUCKET", ""),
        prefix=prefix,
        unknown=environ.get("FOOD_UNKNOWN", f"{prefix}/{UNKNOWN}").strip("/"),
        region=environ.get("FOOD_REGION", "us-east-2"),
        endpoint=environ.get("FOOD_ENDPOINT") or None,
        is_signed=environ.get("FOOD_SIGNED", "") not in ("", "0"),
    )


def source_of_connection(connection: Any) -> Source:
    """Of a connection of type aws: login and password are the keys, the rest is in its extra."""
    extra = connection.extra_dejson
    if not extra.get("bucket"):
        raise FoodError(f'The connection {connection.conn_id} names no bucket: add {{"bucket": "…"}} to its extra.')
    prefix = str(extra.get("prefix", "Food-5K")).strip("/")
    return Source(
        bucket=extra["bucket"],
        prefix=prefix,
        unknown=str(extra.get("unknown", f"{prefix}/{UNKNOWN}")).strip("/"),
        region=extra.get("region_name", "us-east-2"),
        endpoint=extra.get("endpoint_url"),
        access_key=connection.login or None,
        secret_key=connection.password or None,
        is_signed=bool(connection.login),
    )


def number(name: str, default: int, environ: Mapping[str, str] = os.environ) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise FoodError(f"{name} is {text!r}: give a whole number from 1 on.")
    return int(text)


def sets() -> int:
    """How many image sets the pictures are dealt into: one for each agent."""
    return number("FOOD_SETS", 5)


def set_names() -> list[str]:
    return [f"{SET}{i}" for i in range(sets())]


def number_of_set(name: str) -> int:
    if name not in set_names():
        raise FoodError(f"There is no set {name!r}: they are {SET}0 to {SET}{sets() - 1}.")
    return set_names().index(name)


def page_keys() -> int:
    """How many names S3 is to tell at once."""
    return min(number("FOOD_PAGE", 200), 1000)


def data_folder() -> Path:
    """FOOD_DATA, else `data/` here. On several machines: a folder that all of them see."""
    return Path(os.environ.get("FOOD_DATA") or HERE / "data").absolute()


def run_folder(run: str) -> Path:
    """`run` is the DAG's name and the run's moment, so that no two runs meet: `iqoqo_bash_operator/20261120T000000`."""
    folder = data_folder() / run
    if not run or ".." in Path(run).parts or not folder.is_relative_to(data_folder()) or folder == data_folder():
        raise FoodError(f"{run!r} is no name for a run: give one such as by_hand/20261120T000000.")
    return folder
