"""Where an Airflow has its database and its fernet key: its home folder's airflow.cfg, and the environment before it.

Owns this order, which is Airflow's own. Opens neither.
"""

from __future__ import annotations

import os
from configparser import Error, RawConfigParser
from typing import NamedTuple

from ..config import environment
from ..core.errors import BadFile
from ..sdk.exceptions import AirflowConfigException
from ..sdk.settings import printed_by

_DATABASE = (("database", "sql_alchemy_conn"), ("core", "sql_alchemy_conn"))  # from 2.3 on, and before
_KEY = (("core", "fernet_key"),)


class Installation(NamedTuple):
    database: str
    fernet_keys: list[str]


def is_home(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "airflow.cfg")) or os.path.isfile(os.path.join(folder, "airflow.db"))


def installation(folder: str) -> Installation:
    """Of an AIRFLOW_HOME. Raises BadFile."""
    folder = os.path.abspath(folder)
    found = _settings(folder, _DATABASE)
    return Installation(found[0] if found else f"sqlite:///{folder}/airflow.db", fernet_keys(folder))


def fernet_keys(folder: str | None) -> list[str]:
    """Of the environment and of the airflow.cfg in this folder: whichever opens a value is its key."""
    return _settings(folder, _KEY)


def _settings(folder: str | None, names: tuple[tuple[str, str], ...]) -> list[str]:
    """Every value that is set, the one that counts first."""
    file = None if folder is None else os.path.join(folder, "airflow.cfg")
    parsed = None if file is None else _parsed(file)
    found: list[str] = []
    for from_environment in (True, False):
        for section, key in names:
            plain, command = (
                (_of_environment(section, key), _of_environment(section, f"{key}_cmd"))
                if from_environment
                else (_of_file(parsed, section, key), _of_file(parsed, section, f"{key}_cmd"))
            )
            value = plain or (None if command is None else _asked(command, f"[{section}] {key}", file))
            if value:
                found.append(value.replace("{AIRFLOW_HOME}", folder or ""))
    return found


def _of_environment(section: str, key: str) -> str | None:
    return environment(f"AIRFLOW__{section}__{key}".upper()) or None


def _of_file(parsed: RawConfigParser | None, section: str, key: str) -> str | None:
    found = None if parsed is None else parsed.get(section, key, fallback=None)
    return os.path.expandvars(os.path.expanduser(found.replace("%%", "%").strip())) or None if found else None


def _parsed(file: str) -> RawConfigParser | None:
    if not os.path.isfile(file):
        return None
    parsed = RawConfigParser(strict=False)
    try:
        parsed.read(file, "utf-8")
    except (Error, OSError, UnicodeDecodeError) as error:
        raise BadFile(file=file, problem=str(error).splitlines()[0], advice="") from None
    return parsed


def _asked(command: str, setting: str, file: str | None) -> str:
    """A command prints it, as Airflow asks too."""
    try:
        return printed_by(command, setting)
    except AirflowConfigException as error:
        raise BadFile(file=file or setting, problem=str(error).rstrip("."), advice="") from None
