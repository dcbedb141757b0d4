"""Pictures in S3: what is there under a prefix, told page by page, and getting it. Every failure is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError

from .config import FoodError, NotNow, Source, page_keys
from .stand_in import standing_in

PICTURES = (".jpg", ".jpeg", ".png")
TRIES = 3


class Bucket:
    def __init__(self, source: Source) -> None:
        self.source = source
        how = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": TRIES, "mode": "standard"},
            **({} if source.is_signed else {"signature_version": UNSIGNED}),
        )
        self._client = boto3.client(
            "s3",
            region_name=source.region,
            endpoint_url=source.endpoint,
            aws_access_key_id=source.access_key,
            aws_secret_access_key=source.secret_key,
            config=how,
        )

    def labelled(self) -> list[str]:
        """The keys of all pictures whose class is known, in order."""
        return self._some(self.source.prefix, lambda key: not key.startswith(f"{self.source.unknown}/"))

    def unknown(self) -> list[str]:
        return self._some(self.source.unknown, lambda _: True)

    def _some(self, prefix: str, is_wanted) -> list[str]:
        found = sorted(k for k in self.keys(f"{prefix}/") if k.lower().endswith(PICTURES) and is_wanted(k))
        if not found:
            raise FoodError(f"There is no picture under s3://{self.source.bucket}/{prefix}/: see FOOD_PREFIX.")
        return found

    def keys(self, prefix: str) -> Iterator[str]:
        """S3 tells at most a thousand names at once, and with them the token that goes on from there."""
        asked = {"Bucket": self.source.bucket, "Prefix": prefix, "MaxKeys": page_keys()}
        pages, count = 0, 0
        while True:
            with self._in_words():
                page = self._client.list_objects_v2(**asked)
            pages, count = pages + 1, count + page.get("KeyCount", 0)
            yield from (one["Key"] for one in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                print(f"{count} names under {prefix} in {pages} pages", flush=True)
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def get(self, key: str) -> bytes:
        with self._in_words(key):
            return self._client.get_object(Bucket=self.source.bucket, Key=key)["Body"].read()

    @contextmanager
    def _in_words(self, key: str = "") -> Iterator[None]:
        what = f"s3://{self.source.bucket}/{key}" if key else str(self.source)
        try:
            yield
        except ClientError as error:
            raise self._of_answer(what, error) from None
        except NoCredentialsError:
            raise FoodError(f"{what} is to be read signed, and there are no credentials in the environment.") from None
        except (BotoCoreError, HTTPClientError, OSError) as error:
            where = self.source.endpoint or f"S3 in {self.source.region}"
            raise NotNow(f"{where} does not answer ({type(error).__name__}), asked for {what}.") from None

    def _of_answer(self, what: str, error: ClientError) -> FoodError:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "NoSuchBucket":
            return FoodError(f"There is no bucket {self.source.bucket} ({self.source}): see FOOD_BUCKET.")
        if code == "NoSuchKey":
            return FoodError(f"{what} was in the list and is gone: start the run anew.")
        if status in (401, 403):
            how = "with these credentials" if self.source.is_signed else "by anybody: set FOOD_SIGNED=1 and credentials"
            return FoodError(f"{what} may not be read {how} ({code}).")
        if status >= 500 or status == 429:
            return NotNow(f"S3 answered {status} ({code}) {TRIES} times, asked for {what}.")
        return FoodError(f"S3 answered {status} ({code}), asked for {what}.")


@contextmanager
def opened(source: Source) -> Iterator[Bucket]:
    """Says aloud which one it is."""
    if not source.is_own:
        how = "signed" if source.is_signed else "anonymous"
        print(f"Reading {source} ({how}).", flush=True)
        yield Bucket(source)
        return
    with standing_in(source) as local:
        print(f"Reading generated pictures, {local}, a server of our own: no FOOD_BUCKET names a real one.", flush=True)
        yield Bucket(local)


def share(keys: list[str], which: int, of: int) -> list[str]:
    """The keys of one set out of so many: the same for whoever asks, whatever comes or goes beside them."""
    return [key for key in keys if crc32(key.encode()) % of == which]
