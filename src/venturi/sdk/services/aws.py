"""AWS: a hook that makes boto3 clients as a connection says; without one, boto3 finds its credentials itself."""

from __future__ import annotations

from typing import Any

from ..connections import BaseHook, Connection
from ..exceptions import AirflowNotFoundException
from .packages import needed


class AwsBaseHook(BaseHook):
    """`get_conn()` is the client (or the resource) of its service."""

    conn_name_attr = "aws_conn_id"
    default_conn_name = "aws_default"
    conn_type = "aws"
    hook_name = "Amazon Web Services"

    def __init__(
        self,
        aws_conn_id: str | None = default_conn_name,
        verify: bool | str | None = None,
        region_name: str | None = None,
        client_type: str | None = None,
        resource_type: str | None = None,
        config: Any = None,
        **_: Any,
    ) -> None:
        super().__init__()
        self.aws_conn_id, self.verify, self.config = aws_conn_id, verify, config
        self.client_type, self.resource_type = client_type, resource_type
        self._region_name = region_name
        self._made: dict[str, Any] = {}

    @property
    def connection(self) -> Connection:
        if "connection" not in self._made:
            self._made["connection"] = self._found()
        found: Connection = self._made["connection"]
        return found

    def _found(self) -> Connection:
        if not self.aws_conn_id:
            return Connection()
        try:
            return self.get_connection(self.aws_conn_id)
        except AirflowNotFoundException:
            self.log.warning(
                "There is no connection '%s'; boto3 looks for credentials by its own rules.", self.aws_conn_id
            )
            return Connection()

    @property
    def region_name(self) -> str | None:
        return self._region_name or self.connection.extra_dejson.get("region_name")

    def service_config(self, service: str) -> dict[str, Any]:
        found: dict[str, Any] = self.connection.extra_dejson.get("service_config", {}).get(service, {})
        return found

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> Any:
        boto3 = needed("boto3", "An AWS task")
        extra = self.connection.extra_dejson
        session = boto3.session.Session(
            aws_access_key_id=self.connection.login or extra.get("aws_access_key_id") or None,
            aws_secret_access_key=self.connection.password or extra.get("aws_secret_access_key") or None,
            aws_session_token=extra.get("aws_session_token"),
            region_name=region_name or self.region_name,
            profile_name=extra.get("profile_name"),
            **extra.get("session_kwargs", {}),
        )
        role = extra.get("role_arn")
        return session if not role else self._in_role(boto3, session, role, extra)

    def _in_role(self, boto3: Any, session: Any, role: str, extra: dict[str, Any]) -> Any:
        asked = {"RoleSessionName": "venturi", **extra.get("assume_role_kwargs", {})}
        got = session.client("sts", endpoint_url=self._endpoint("sts")).assume_role(RoleArn=role, **asked)[
            "Credentials"
        ]
        return boto3.session.Session(
            aws_access_key_id=got["AccessKeyId"],
            aws_secret_access_key=got["SecretAccessKey"],
            aws_session_token=got["SessionToken"],
            region_name=self.region_name,
        )

    def _endpoint(self, service: str) -> str | None:
        extra = self.connection.extra_dejson
        found = self.service_config(service).get("endpoint_url") or extra.get("endpoint_url") or extra.get("host")
        return None if found is None else str(found)

    def _arguments(self, service: str) -> dict[str, Any]:
        extra = self.connection.extra_dejson
        verify = self.verify if self.verify is not None else extra.get("verify")
        config = self.config
        if config is None and extra.get("config_kwargs"):
            config = needed("botocore.config", "An AWS task", "boto3").Config(**extra["config_kwargs"])
        return {"endpoint_url": self._endpoint(service), "verify": verify, "config": config}

    def get_client_type(self, region_name: str | None = None, **_: Any) -> Any:
        service = str(self.client_type)
        return self.get_session(region_name).client(service, **self._arguments(service))

    def get_resource_type(self, region_name: str | None = None, **_: Any) -> Any:
        service = str(self.resource_type or self.client_type)
        return self.get_session(region_name).resource(service, **self._arguments(service))

    @property
    def conn(self) -> Any:
        if "conn" not in self._made:
            kind = self.get_client_type if self.client_type else self.get_resource_type
            self._made["conn"] = kind()
        return self._made["conn"]

    def get_conn(self) -> Any:
        return self.conn

    def get_credentials(self, region_name: str | None = None) -> Any:
        return self.get_session(region_name).get_credentials().get_frozen_credentials()

    @property
    def conn_region_name(self) -> Any:
        return self.conn.meta.region_name

    def test_connection(self) -> tuple[bool, str]:
        try:
            session = self.get_session()
            asked = session.client("sts", endpoint_url=self._endpoint("sts")).get_caller_identity()
        except Exception as error:
            return False, str(error)
        return True, f"It is {asked.get('Arn')}"
