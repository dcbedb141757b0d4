"""Files as something to wait for: FileSensor and the hook that says where its paths begin."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from .connections import BaseHook
from .exceptions import AirflowException, AirflowNotFoundException
from .triggers import BaseTrigger, FileTrigger, found_file
from .waiting import WaitingSensor


class FSHook(BaseHook):
    """`path` in the connection's extra is where paths begin; without the connection they begin at the root."""

    conn_name_attr = "fs_conn_id"
    default_conn_name = "fs_default"
    conn_type = "fs"
    hook_name = "File (path)"

    def __init__(self, fs_conn_id: str = default_conn_name, *, conn_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        fs_conn_id = conn_id or fs_conn_id  # `conn_id` is its name in 1.10
        try:
            connection = self.get_connection(fs_conn_id)
        except AirflowNotFoundException:
            if fs_conn_id != self.default_conn_name:
                raise
            self.conn, self.basepath = None, os.sep
        else:
            self.conn, self.basepath = connection, str(connection.extra_dejson.get("path", ""))

    def get_conn(self) -> None:
        """There is nothing to be opened."""

    def get_path(self) -> str:
        return self.basepath


class FileSensor(WaitingSensor):
    """Waits for a file or a pattern; for a folder until a file is in it or below."""

    template_fields: Collection[str] = ("filepath",)

    def __init__(
        self,
        *,
        filepath: str,
        fs_conn_id: str = FSHook.default_conn_name,
        recursive: bool = False,
        start_from_trigger: bool = False,
        trigger_kwargs: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filepath, self.fs_conn_id, self.recursive = filepath, fs_conn_id, recursive

    @property
    def path(self) -> str:
        return os.path.join(FSHook(self.fs_conn_id).get_path(), self.filepath)

    def poke(self, context: Any) -> bool:
        path = self.path
        self.log.info("Poking for file %s", path)
        found = found_file(path, self.recursive)
        if found is not None:
            self.log.info("Found %s", found)
        return found is not None

    def condition(self, context: Any, ends: bool) -> BaseTrigger:
        return FileTrigger(self.path, self.recursive, self.poke_interval, end_from_trigger=ends)

    def judge(self, context: Any, event: Any) -> None:
        if not event:
            raise AirflowException(f"{self.task_id} task failed as {self.filepath} not found.")
        self.log.info("%s completed successfully as %s found.", self.task_id, self.filepath)
