"""The Bash operator: one command in its own process group; its output streams through, its last line is the value."""

from __future__ import annotations

import codecs
import os
import signal
import sys
from collections.abc import Callable, Collection, Container, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .context import environment_of
from .exceptions import AirflowException, AirflowSkipException
from .operator import BaseOperator

if TYPE_CHECKING:
    import subprocess

LAST_LINE_CHARS_MAX = 1024 * 1024  # a longer last line is cut: it is a value, and a command may print without end
_CHUNK_BYTES = 64 * 1024


class LastLine:
    """The last line of a stream that comes in pieces of any size, held in bounded memory."""

    def __init__(self) -> None:
        self._last = ""
        self._open: list[str] = []
        self._open_chars = 0

    def feed(self, text: str) -> None:
        *closed, rest = text.split("\n")
        if closed:
            self._add(closed[0])
            self._last = "".join(self._open) if len(closed) == 1 else closed[-1][:LAST_LINE_CHARS_MAX]
            self._open, self._open_chars = [], 0
        self._add(rest)

    def _add(self, text: str) -> None:
        text = text[: LAST_LINE_CHARS_MAX - self._open_chars]
        if text:
            self._open.append(text)
            self._open_chars += len(text)

    def value(self) -> str:
        return ("".join(self._open) if self._open else self._last).rstrip()


class BashOperator(BaseOperator):
    """Runs `bash_command` with bash; a name ending in .sh or .bash is a template file. Exit code 99 skips the task."""

    template_fields: Collection[str] = ("bash_command", "env", "cwd")
    template_fields_renderers: ClassVar[dict[str, str]] = {"bash_command": "bash", "env": "json"}
    template_ext: Sequence[str] = (".sh", ".bash")
    ui_color = "#f0ede4"

    def __init__(
        self,
        *,
        bash_command: Any,
        env: dict[str, str] | None = None,
        append_env: bool = False,
        output_encoding: str = "utf-8",
        skip_on_exit_code: int | Container[int] | None = 99,
        skip_exit_code: int | None = None,
        cwd: str | None = None,
        output_processor: Callable[[str], Any] = lambda result: result,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command = bash_command
        self.env = env
        self.append_env = append_env
        self.output_encoding = output_encoding
        chosen: Any = skip_exit_code if skip_exit_code is not None else skip_on_exit_code
        self.skip_on_exit_code: Container[int] = (chosen,) if isinstance(chosen, int) else chosen or ()
        self.cwd = cwd
        self.output_processor = output_processor
        self._process: subprocess.Popen[bytes] | None = None

    def execute(self, context: Any) -> Any:
        if self.cwd is not None:
            self._check_folder(self.cwd)
            return self._run(context, self.cwd)
        import tempfile

        with tempfile.TemporaryDirectory(prefix="airflowtmp") as folder:
            return self._run(context, folder)

    @staticmethod
    def _check_folder(cwd: str) -> None:
        if not os.path.exists(cwd):
            raise AirflowException(f"Can not find the cwd: {cwd}")
        if not os.path.isdir(cwd):
            raise AirflowException(f"The cwd {cwd} must be a directory")

    def get_env(self, context: Any) -> dict[str, str]:
        """`env` alone if it is given and not to be appended; always with what Airflow tells a command of its task."""
        base = {} if self.env is not None and not self.append_env else dict(os.environ)
        return {**base, **{str(k): str(v) for k, v in (self.env or {}).items()}, **environment_of(context)}

    def _run(self, context: Any, cwd: str) -> Any:
        import shutil
        import subprocess

        if not isinstance(self.bash_command, str):
            raise AirflowException(f"bash_command must be text, not {self.bash_command!r}.")
        self._process = subprocess.Popen(
            [shutil.which("bash") or "/bin/bash", "-c", self.bash_command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=self.get_env(context),
            start_new_session=True,  # so that on_kill reaches what the command started, and only that
        )
        self._process.venturi_looks_after = True  # type: ignore[attr-defined]  # its failure is told below
        try:
            last = self._stream(self._process)
            code = self._process.wait()
        finally:
            self.on_kill()
        if code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Bash command returned exit code {code}. Skipping.")
        if code < 0:
            name = signal.Signals(-code).name if -code in signal.Signals.__members__.values() else str(-code)
            raise AirflowException(f"Bash command failed. It was ended by the signal {name}.")
        if code != 0:
            raise AirflowException(f"Bash command failed. The command returned a non-zero exit code {code}.")
        return self.output_processor(last)

    def _stream(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        decoder = codecs.getincrementaldecoder(self.output_encoding)(errors="backslashreplace")
        last = LastLine()
        with process.stdout as pipe:
            while True:
                chunk = os.read(pipe.fileno(), _CHUNK_BYTES)
                text = decoder.decode(chunk, final=not chunk)
                if text:
                    last.feed(text)
                    _print(text)
                if not chunk:
                    return last.value()

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.returncode

    def on_kill(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


def _print(text: str) -> None:
    """To stdout as it comes; what its encoding cannot say (no locale set) is escaped instead of failing the task."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        name = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(name, "backslashreplace").decode(name))
    sys.stdout.flush()
