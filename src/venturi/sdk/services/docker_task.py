"""`@task.docker`: the function's source, its arguments and its result travel in files of the container.

They are put in before it starts and taken out after it has ended, so that the image needs nothing but a Python.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Collection
from types import ModuleType
from typing import Any

from ..decorating import DecoratedOperator, task_decorator_factory
from .docker import DockerOperator
from .packages import needed

_FOLDER = "venturi-task"
_SERIALIZERS = ("pickle", "dill", "cloudpickle")
_PROTOCOL = 4  # the image's Python may be older

_SCRIPT = """\
import sys
import {library} as library

{source}

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        given = library.load(file)
    result = {name}(*given["args"], **given["kwargs"])
    with open(sys.argv[2], "wb") as file:
        library.dump(result, file, protocol={protocol})
"""


class DecoratedDocker(DecoratedOperator, DockerOperator):
    template_fields: Collection[str] = (*DockerOperator.template_fields, "op_args", "op_kwargs")
    custom_operator_name = "@task.docker"
    may_be_substituted = False  # its files go into the container

    def __init__(
        self,
        *,
        python_command: str = "python3",
        expect_airflow: bool = True,
        serializer: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.python_command = python_command
        self.expect_airflow = expect_airflow  # of older files: the function gets what it is called with, and no more
        self.serializer = serializer or "pickle"
        if self.serializer not in _SERIALIZERS:
            raise ValueError(f"serializer is {self.serializer!r}; give one of {', '.join(_SERIALIZERS)}.")
        kwargs.pop("command", None)
        kwargs.update(retrieve_output=True, retrieve_output_path=f"/{_FOLDER}/result")
        super().__init__(**kwargs)

    @property
    def pickling_library(self) -> ModuleType:
        return needed(self.serializer, "@task.docker")

    def execute(self, context: Any) -> Any:
        places = [f"/{_FOLDER}/{name}" for name in ("task.py", "arguments", "result")]
        self.command = [*shlex.split(self.python_command), *places]
        return super().execute(context)

    def prepare_container(self, client: Any, container: str) -> None:
        script = _SCRIPT.format(
            library=self.serializer,
            source=self.get_python_source(),
            name=self.python_callable.__name__,
            protocol=_PROTOCOL,
        )
        given = {"args": tuple(self.op_args), "kwargs": dict(self.op_kwargs)}
        arguments = self.pickling_library.dumps(given, protocol=_PROTOCOL)
        client.put_archive(container, "/", _packed({"task.py": script.encode(), "arguments": arguments}))


def _packed(files: dict[str, bytes]) -> bytes:
    """A folder that any user of the image may write the result into."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        folder = tarfile.TarInfo(_FOLDER)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o777
        archive.addfile(folder)
        for name, data in files.items():
            member = tarfile.TarInfo(f"{_FOLDER}/{name}")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def docker_task(python_callable: Any = None, multiple_outputs: bool | None = None, **kwargs: Any) -> Any:
    """`@task.docker(image=…)`."""
    return task_decorator_factory(
        python_callable, multiple_outputs=multiple_outputs, decorated_operator_class=DecoratedDocker, **kwargs
    )
