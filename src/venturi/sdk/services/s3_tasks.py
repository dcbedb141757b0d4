"""S3: operators and the key sensor."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from ..calling import call
from ..exceptions import AirflowException
from ..operator import BaseOperator
from .deferred import DeferredSensor
from .s3 import S3Hook, before_wildcards


class S3Operator(BaseOperator):
    """What they share: the connection, and a hook on it."""

    ui_color = "#f9c915"

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id, self.region_name, self.verify = aws_conn_id, region_name, verify
        self.botocore_config = botocore_config

    @property
    def hook(self) -> S3Hook:
        config = None
        if self.botocore_config:
            from .packages import needed

            config = needed("botocore.config", "An S3 task", "boto3").Config(**self.botocore_config)
        return S3Hook(self.aws_conn_id, region_name=self.region_name, verify=self.verify, config=config)


class S3CreateBucketOperator(S3Operator):
    template_fields: Collection[str] = ("bucket_name",)

    def __init__(self, *, bucket_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name

    def execute(self, context: Any) -> None:
        hook = self.hook
        if hook.check_for_bucket(self.bucket_name):
            self.log.info("The bucket %s is there already.", self.bucket_name)
        else:
            hook.create_bucket(self.bucket_name, self.region_name)


class S3DeleteBucketOperator(S3Operator):
    template_fields: Collection[str] = ("bucket_name",)

    def __init__(self, bucket_name: str, force_delete: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket_name, self.force_delete = bucket_name, force_delete

    def execute(self, context: Any) -> None:
        hook = self.hook
        if hook.check_for_bucket(self.bucket_name):
            hook.delete_bucket(self.bucket_name, self.force_delete)
        else:
            self.log.info("There is no bucket %s.", self.bucket_name)


class S3CopyObjectOperator(S3Operator):
    template_fields: Collection[str] = (
        *("source_bucket_key", "dest_bucket_key", "source_bucket_name", "dest_bucket_name"),
    )

    def __init__(
        self,
        *,
        source_bucket_key: str,
        dest_bucket_key: str,
        source_bucket_name: str | None = None,
        dest_bucket_name: str | None = None,
        source_version_id: str | None = None,
        acl_policy: str | None = None,
        meta_data_directive: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_bucket_key, self.dest_bucket_key = source_bucket_key, dest_bucket_key
        self.source_bucket_name, self.dest_bucket_name = source_bucket_name, dest_bucket_name
        self.source_version_id, self.acl_policy = source_version_id, acl_policy
        self.meta_data_directive = meta_data_directive

    def execute(self, context: Any) -> None:
        self.hook.copy_object(
            self.source_bucket_key,
            self.dest_bucket_key,
            self.source_bucket_name,
            self.dest_bucket_name,
            self.source_version_id,
            self.acl_policy,
            self.meta_data_directive,
        )


class S3CreateObjectOperator(S3Operator):
    template_fields: Collection[str] = ("s3_bucket", "s3_key", "data")

    def __init__(
        self,
        *,
        s3_key: str,
        data: str | bytes,
        s3_bucket: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
        encoding: str | None = None,
        compression: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3_bucket, self.s3_key, self.data, self.replace, self.encrypt = s3_bucket, s3_key, data, replace, encrypt
        self.acl_policy, self.encoding, self.compression = acl_policy, encoding, compression

    def execute(self, context: Any) -> None:
        bucket, key = S3Hook.get_s3_bucket_key(self.s3_bucket, self.s3_key, "s3_bucket", "s3_key")
        hook = self.hook
        if isinstance(self.data, str):
            hook.load_string(
                *(self.data, key, bucket, self.replace, self.encrypt, self.encoding, self.acl_policy, self.compression)
            )
        else:
            hook.load_bytes(self.data, key, bucket, self.replace, self.encrypt, self.acl_policy)


class S3DeleteObjectsOperator(S3Operator):
    template_fields: Collection[str] = ("keys", "bucket", "prefix", "from_datetime", "to_datetime")

    def __init__(
        self,
        *,
        bucket: str,
        keys: str | list[str] | None = None,
        prefix: str | None = None,
        from_datetime: Any = None,
        to_datetime: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket, self.keys, self.prefix = bucket, keys, prefix
        self.from_datetime, self.to_datetime = from_datetime, to_datetime
        if keys is not None and any(given is not None for given in (prefix, from_datetime, to_datetime)):
            raise AirflowException("Either keys or at least one of prefix, from_datetime, to_datetime should be set.")
        if keys is None and not any((prefix, from_datetime, to_datetime)):
            raise AirflowException(f"Task '{self.task_id}' names neither keys nor a prefix, so nothing can be deleted.")

    def execute(self, context: Any) -> None:
        hook = self.hook
        keys = self.keys
        if keys is None:
            keys = hook.list_keys(
                self.bucket,
                self.prefix,
                from_datetime=_moment(self.from_datetime),
                to_datetime=_moment(self.to_datetime),
            )
        if keys:
            hook.delete_objects(self.bucket, keys)


def _moment(given: Any) -> datetime | None:
    from .. import times

    return None if given is None else times.read(given)


class S3ListOperator(S3Operator):
    template_fields: Collection[str] = ("bucket", "prefix", "delimiter")

    def __init__(
        self, *, bucket: str, prefix: str = "", delimiter: str = "", apply_wildcard: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bucket, self.prefix, self.delimiter, self.apply_wildcard = bucket, prefix, delimiter, apply_wildcard

    def execute(self, context: Any) -> list[str]:
        return self.hook.list_keys(self.bucket, self.prefix, self.delimiter, apply_wildcard=self.apply_wildcard)


class S3ListPrefixesOperator(S3Operator):
    template_fields: Collection[str] = ("bucket", "prefix", "delimiter")

    def __init__(self, *, bucket: str, prefix: str, delimiter: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket, self.prefix, self.delimiter = bucket, prefix, delimiter

    def execute(self, context: Any) -> list[str]:
        return self.hook.list_prefixes(self.bucket, self.prefix, self.delimiter)


class LocalFilesystemToS3Operator(S3Operator):
    template_fields: Collection[str] = ("filename", "dest_key", "dest_bucket")

    def __init__(
        self,
        *,
        filename: str,
        dest_key: str,
        dest_bucket: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        gzip: bool = False,
        acl_policy: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filename, self.dest_key, self.dest_bucket = filename, dest_key, dest_bucket
        self.replace, self.encrypt, self.gzip, self.acl_policy = replace, encrypt, gzip, acl_policy

    def execute(self, context: Any) -> None:
        bucket, key = S3Hook.get_s3_bucket_key(self.dest_bucket, self.dest_key, "dest_bucket", "dest_key")
        self.hook.load_file(
            os.path.expanduser(self.filename), key, bucket, self.replace, self.encrypt, self.gzip, self.acl_policy
        )


class S3KeySensor(DeferredSensor):
    """Waits until all the keys are there; `check_fn` may look at what is found."""

    template_fields: Collection[str] = ("bucket_key", "bucket_name")

    def __init__(
        self,
        *,
        bucket_key: str | list[str],
        bucket_name: str | None = None,
        wildcard_match: bool = False,
        check_fn: Callable[..., bool] | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        use_regex: bool = False,
        metadata_keys: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_key, self.bucket_name, self.wildcard_match = bucket_key, bucket_name, wildcard_match
        self.check_fn, self.use_regex = check_fn, use_regex
        self.aws_conn_id, self.region_name, self.verify = aws_conn_id, region_name, verify
        self.metadata_keys = metadata_keys or ["Size", "Key"]

    @property
    def hook(self) -> S3Hook:
        return S3Hook(self.aws_conn_id, region_name=self.region_name, verify=self.verify)

    def look_arguments(self) -> dict[str, Any]:
        names = ("bucket_key", "bucket_name", "wildcard_match", "use_regex", "aws_conn_id", "region_name", "verify")
        return {name: getattr(self, name) for name in names}

    def is_judged_here(self) -> bool:
        return self.check_fn is not None

    def poke(self, context: Any) -> bool:
        keys = [self.bucket_key] if isinstance(self.bucket_key, str) else self.bucket_key
        return all(self._is_there(key, context) for key in keys)

    def _is_there(self, key: str, context: Any) -> bool:
        hook = self.hook
        bucket, key = hook.get_s3_bucket_key(self.bucket_name, key, "bucket_name", "bucket_key")
        self.log.info("Poking for key : s3://%s/%s", bucket, key)
        found = list(self._found(hook, bucket, key))
        if not found or self.check_fn is None or self.use_regex:
            return bool(found)
        return bool(call(self.check_fn, (found,), {}, context))

    def _found(self, hook: S3Hook, bucket: str, key: str) -> Iterable[dict[str, Any]]:
        if not self.wildcard_match and not self.use_regex:
            head = hook.head_object(key, bucket)
            if head is not None:
                yield self._told({**head, "Size": head.get("ContentLength"), "Key": key})
            return
        prefix = "" if self.use_regex else before_wildcards(key)
        for item in hook.iter_file_metadata(prefix, bucket):
            name = item["Key"]
            if re.match(key, name) if self.use_regex else fnmatch.fnmatch(name, key):
                known = set(self.metadata_keys) <= item.keys()
                yield self._told(item if known else {**(hook.head_object(name, bucket) or {}), **item})

    def _told(self, item: dict[str, Any]) -> dict[str, Any]:
        return item if "*" in self.metadata_keys else {name: item.get(name) for name in self.metadata_keys}
