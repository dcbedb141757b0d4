"""S3: the hook. Every key may be given as `bucket_name` and `key`, or as one `s3://bucket/key`."""

from __future__ import annotations

import fnmatch
import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from ..exceptions import AirflowException, AirflowNotFoundException
from .aws import AwsBaseHook
from .packages import needed

KEYS_DELETED_AT_ONCE_MAX = 1000


class S3Hook(AwsBaseHook):
    conn_type = "s3"
    hook_name = "S3"

    def __init__(
        self,
        aws_conn_id: str | None = AwsBaseHook.default_conn_name,
        transfer_config_args: dict[str, Any] | None = None,
        extra_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["client_type"] = "s3"
        super().__init__(aws_conn_id, **kwargs)
        self.extra_args = extra_args or {}
        self._transfer_config_args = transfer_config_args or {}

    @property
    def transfer_config(self) -> Any:
        return needed("boto3.s3.transfer", "An S3 task").TransferConfig(**self._transfer_config_args)

    @property
    def resource(self) -> Any:
        if "resource" not in self._made:
            self._made["resource"] = self.get_resource_type()
        return self._made["resource"]

    # ── names ──

    @staticmethod
    def parse_s3_url(s3url: str) -> tuple[str, str]:
        """Of `s3://bucket/key`, or of an https address in either of its two forms."""
        from urllib.parse import urlsplit

        parts = urlsplit(s3url)
        if re.match(r"s3[na]?:$", parts.scheme + ":"):
            if not parts.netloc:
                raise AirflowException(f'Please provide a bucket name using a valid format: "{s3url}"')
            return parts.netloc, parts.path.lstrip("/")
        host = parts.netloc.split(".")
        if parts.scheme in ("http", "https") and parts.netloc.endswith("amazonaws.com"):
            if host[0].startswith("s3"):
                bucket, _, key = parts.path.lstrip("/").partition("/")
                return bucket, key
            if host[1].startswith("s3"):
                return host[0], parts.path.lstrip("/")
        raise AirflowException(f'Please provide a bucket name using a valid format: "{s3url}"')

    @classmethod
    def get_s3_bucket_key(
        cls, bucket: str | None, key: str, bucket_param_name: str = "bucket_name", key_param_name: str = "key"
    ) -> tuple[str, str]:
        if bucket is None:
            return cls.parse_s3_url(key)
        if "://" in key:
            raise TypeError(
                f"If `{bucket_param_name}` is provided, {key_param_name} should be a relative path from root level, "
                "rather than a full s3:// url"
            )
        return bucket, key

    def _place(self, key: str, bucket_name: str | None) -> tuple[str, str]:
        if bucket_name is None and "://" not in key:
            bucket_name = self._default_bucket()
        return self.get_s3_bucket_key(bucket_name, key)

    def _bucket(self, bucket_name: str | None) -> str:
        return bucket_name or self._default_bucket()

    def _default_bucket(self) -> str:
        """Named by the connection, in `{"service_config": {"s3": {"bucket_name": …}}}` or as its schema."""
        found = self.service_config("s3").get("bucket_name") or self.connection.schema
        if not found:
            raise AirflowException("No bucket is named: give bucket_name, or the key as s3://bucket/key.")
        return str(found)

    # ── buckets ──

    def check_for_bucket(self, bucket_name: str | None = None) -> bool:
        return self._head(lambda: self.conn.head_bucket(Bucket=self._bucket(bucket_name))) is not None

    def get_bucket(self, bucket_name: str | None = None) -> Any:
        return self.resource.Bucket(self._bucket(bucket_name))

    def create_bucket(self, bucket_name: str | None = None, region_name: str | None = None) -> None:
        region = region_name or self.conn_region_name
        where = {} if region in (None, "us-east-1", "aws-global") else {"LocationConstraint": region}
        more = {"CreateBucketConfiguration": where} if where else {}
        self.conn.create_bucket(Bucket=self._bucket(bucket_name), **more)

    def delete_bucket(self, bucket_name: str, force_delete: bool = False, max_retries: int = 5) -> None:
        for _ in range(max_retries if force_delete else 0):
            keys = self.list_keys(bucket_name)
            if not keys:
                break
            self.delete_objects(bucket_name, keys)
        self.conn.delete_bucket(Bucket=bucket_name)

    def get_bucket_tagging(self, bucket_name: str | None = None) -> Any:
        return self.conn.get_bucket_tagging(Bucket=self._bucket(bucket_name))["TagSet"]

    # ── looking ──

    def _head(self, ask: Callable[[], Any]) -> Any:
        errors = needed("botocore.exceptions", "An S3 task", "boto3")
        try:
            return ask()
        except errors.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def head_object(self, key: str, bucket_name: str | None = None) -> dict[str, Any] | None:
        bucket, key = self._place(key, bucket_name)
        found: dict[str, Any] | None = self._head(lambda: self.conn.head_object(Bucket=bucket, Key=key))
        return found

    def check_for_key(self, key: str, bucket_name: str | None = None) -> bool:
        return self.head_object(key, bucket_name) is not None

    def get_key(self, key: str, bucket_name: str | None = None) -> Any:
        bucket, key = self._place(key, bucket_name)
        found = self.resource.Object(bucket, key)
        found.load()
        return found

    def iter_file_metadata(
        self,
        prefix: str = "",
        bucket_name: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        delimiter: str = "",
        start_after_key: str = "",
    ) -> Iterator[dict[str, Any]]:
        for page in self._pages(prefix, bucket_name, delimiter, page_size, max_items, start_after_key):
            yield from page.get("Contents") or ()

    def _pages(
        self,
        prefix: str | None,
        bucket_name: str | None,
        delimiter: str | None,
        size: Any,
        count: Any,
        start: str | None,
    ) -> Any:
        limits = {name: value for name, value in (("PageSize", size), ("MaxItems", count)) if value}
        return self.conn.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket(bucket_name),
            Prefix=prefix or "",
            Delimiter=delimiter or "",
            StartAfter=start or "",
            PaginationConfig=limits,
        )

    def get_file_metadata(self, prefix: str, bucket_name: str | None = None, **limits: Any) -> list[dict[str, Any]]:
        return list(self.iter_file_metadata(prefix, bucket_name, **limits))

    def list_keys(
        self,
        bucket_name: str | None = None,
        prefix: str | None = None,
        delimiter: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        start_after_key: str | None = None,
        from_datetime: datetime | None = None,
        to_datetime: datetime | None = None,
        object_filter: Callable[..., list[Any]] | None = None,
        apply_wildcard: bool = False,
        **_: Any,
    ) -> list[str]:
        pattern = prefix or ""
        begin = before_wildcards(pattern) if apply_wildcard else pattern
        found = self.get_file_metadata(
            begin,
            bucket_name,
            page_size=page_size,
            max_items=max_items,
            delimiter=delimiter or "",
            start_after_key=start_after_key or "",
        )
        if object_filter is not None:
            found = object_filter(found, from_datetime, to_datetime)
        else:
            found = [item for item in found if _within(item["LastModified"], from_datetime, to_datetime)]
        keys = [item["Key"] for item in found]
        return [key for key in keys if fnmatch.fnmatch(key, pattern)] if apply_wildcard else keys

    def list_prefixes(
        self,
        bucket_name: str | None = None,
        prefix: str | None = None,
        delimiter: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
    ) -> list[str]:
        pages = self._pages(prefix, bucket_name, delimiter, page_size, max_items, None)
        return [common["Prefix"] for page in pages for common in page.get("CommonPrefixes") or ()]

    def check_for_prefix(self, prefix: str, delimiter: str, bucket_name: str | None = None) -> bool:
        whole = prefix if prefix.endswith(delimiter) else prefix + delimiter
        above = whole.rstrip(delimiter).rpartition(delimiter)[0]
        return whole in self.list_prefixes(bucket_name, above + delimiter if above else "", delimiter)

    def check_for_wildcard_key(self, wildcard_key: str, bucket_name: str | None = None, delimiter: str = "") -> bool:
        return self.get_wildcard_key(wildcard_key, bucket_name, delimiter) is not None

    def get_wildcard_key(self, wildcard_key: str, bucket_name: str | None = None, delimiter: str = "") -> Any:
        bucket, pattern = self._place(wildcard_key, bucket_name)
        for key in self.list_keys(bucket, pattern, delimiter, apply_wildcard=True):
            return self.get_key(key, bucket)
        return None

    # ── reading ──

    def read_key(self, key: str, bucket_name: str | None = None) -> str:
        data: bytes = self.get_key(key, bucket_name).get()["Body"].read()
        return data.decode("utf-8")

    def download_file(
        self,
        key: str,
        bucket_name: str | None = None,
        local_path: str | None = None,
        preserve_file_name: bool = False,
        use_autogenerated_subdir: bool = True,
    ) -> str:
        """Into a temporary file, or under its own name into `local_path`; gives the path."""
        import tempfile

        bucket, key = self._place(key, bucket_name)
        if self._head(lambda: self.conn.head_object(Bucket=bucket, Key=key)) is None:
            raise AirflowNotFoundException(f"There is no key '{key}' in the bucket '{bucket}'.")
        if preserve_file_name:
            folder = local_path or tempfile.gettempdir()
            if use_autogenerated_subdir:
                folder = tempfile.mkdtemp(prefix="airflow_tmp_dir_", dir=folder)
            path = os.path.join(folder, key.rsplit("/", 1)[-1])
            os.makedirs(os.path.dirname(path), exist_ok=True)
        else:
            handle, path = tempfile.mkstemp(prefix="airflow_tmp_", dir=local_path)
            os.close(handle)
        self.resource.Bucket(bucket).download_file(
            key, path, ExtraArgs=self.extra_args or None, Config=self.transfer_config
        )
        return path

    def generate_presigned_url(
        self, client_method: str, params: dict[str, Any] | None = None, expires_in: int = 3600, http_method: Any = None
    ) -> str | None:
        made: str = self.conn.generate_presigned_url(
            ClientMethod=client_method, Params=params, ExpiresIn=expires_in, HttpMethod=http_method
        )
        return made

    # ── writing ──

    def load_file(
        self,
        filename: Any,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        gzip: bool = False,
        acl_policy: str | None = None,
    ) -> None:
        with open(filename, "rb") as file:
            content: Any = file
            if gzip:
                import gzip as gz

                content = io.BytesIO(gz.compress(file.read()))
                key = key if key.endswith(".gz") else key + ".gz"
            self.load_file_obj(content, key, bucket_name, replace, encrypt, acl_policy)

    def load_string(
        self,
        string_data: str,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        encoding: str | None = None,
        acl_policy: str | None = None,
        compression: str | None = None,
    ) -> None:
        data = string_data.encode(encoding or "utf-8")
        if compression is not None:
            if compression != "gzip":
                raise NotImplementedError(f"Received {compression} compression type. String can only be gzip.")
            import gzip as gz

            data = gz.compress(data)
        self.load_bytes(data, key, bucket_name, replace, encrypt, acl_policy)

    def load_bytes(
        self,
        bytes_data: bytes,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
    ) -> None:
        self.load_file_obj(io.BytesIO(bytes_data), key, bucket_name, replace, encrypt, acl_policy)

    def load_file_obj(
        self,
        file_obj: Any,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
    ) -> None:
        bucket, key = self._place(key, bucket_name)
        if not replace and self.check_for_key(key, bucket):
            raise ValueError(f"The key {key} already exists.")
        more = dict(self.extra_args)
        if encrypt:
            more["ServerSideEncryption"] = "AES256"
        if acl_policy:
            more["ACL"] = acl_policy
        self.conn.upload_fileobj(file_obj, bucket, key, ExtraArgs=more, Config=self.transfer_config)

    def copy_object(
        self,
        source_bucket_key: str,
        dest_bucket_key: str,
        source_bucket_name: str | None = None,
        dest_bucket_name: str | None = None,
        source_version_id: str | None = None,
        acl_policy: str | None = None,
        meta_data_directive: str | None = None,
        **more: Any,
    ) -> Any:
        to_bucket, to_key = self._place(dest_bucket_key, dest_bucket_name)
        bucket, key = self._place(source_bucket_key, source_bucket_name)
        source = {"Bucket": bucket, "Key": key, **({"VersionId": source_version_id} if source_version_id else {})}
        if acl_policy != "no-acl":
            more["ACL"] = acl_policy or "private"
        if meta_data_directive:
            more["MetadataDirective"] = meta_data_directive
        return self.conn.copy_object(Bucket=to_bucket, Key=to_key, CopySource=source, **more)

    def delete_objects(self, bucket: str, keys: str | list[str]) -> None:
        names = [keys] if isinstance(keys, str) else list(keys)
        for at in range(0, len(names), KEYS_DELETED_AT_ONCE_MAX):
            asked = {"Objects": [{"Key": name} for name in names[at : at + KEYS_DELETED_AT_ONCE_MAX]]}
            errors = self.conn.delete_objects(Bucket=bucket, Delete=asked).get("Errors")
            if errors:
                raise AirflowException(f"Errors when deleting: {[error['Key'] for error in errors]}")


def before_wildcards(pattern: str) -> str:
    """What every key that fits the pattern begins with."""
    return re.split(r"[\[*?]", pattern, maxsplit=1)[0]


def _within(moment: datetime, first: datetime | None, end: datetime | None) -> bool:
    return (first is None or moment > first) and (end is None or moment < end)


def provide_bucket_name(func: Any) -> Any:
    """Each method of the hook fills in the connection's bucket by itself."""
    return func


unify_bucket_name_and_key = provide_bucket_name
