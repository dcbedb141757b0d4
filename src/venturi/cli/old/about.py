"""`airflow version`, `info`, `config …`, `providers …`, `plugins`, `cheat-sheet`: what is here."""

from __future__ import annotations

import os
import platform
import sys
from argparse import Namespace
from importlib.metadata import PackageNotFoundError, distributions, metadata
from typing import Any

from ... import __version__
from ...airflow import VERSION, words
from ..printing import FAILED, SUCCESS, fail, say
from . import At, rows

_PREFIX = "apache-airflow-providers-"


def version(_: At, __: Namespace) -> int:
    """The number that scripts and DAG files are told; ours to the person."""
    print(VERSION)
    say(f"Venturi {__version__}, which answers as Airflow {VERSION}.")
    return SUCCESS


def info(at: At, given: Namespace) -> int:
    found = {
        "version": VERSION,
        "venturi": __version__,
        "executor": "LocalExecutor",
        "home": at.home.own,
        "dags_folder": at.home.root / "dags",
        "plugins_folder": at.home.root / "plugins",
        "base_log_folder": at.home.logs,
        "database": "set by VENTURI_DATABASE_URL" if at.config.database_url else at.home.database,
        "python_version": platform.python_version(),
        "python_location": sys.executable,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    pairs = [{"key": name, "value": str(value)} for name, value in found.items()]
    rows.show(pairs, given.output, ("key", "value"))
    return SUCCESS


def cheat_sheet(_: At, __: Namespace) -> int:
    found = list(words.spelled())
    width = max(len(one) for one, _ in found)
    print("\n".join(f"airflow {one.ljust(width)}  # {so}" for one, so in found))
    return SUCCESS


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────


def setting(at: At, given: Namespace) -> int:
    from ...sdk.exceptions import AirflowConfigException

    conf = _conf(at)
    try:
        print(conf.get(given.section, given.option))
    except AirflowConfigException:
        fail(f"The option [{given.section}/{given.option}] is not found in config.", FAILED, "no_such_option")
    return SUCCESS


def settings(at: At, given: Namespace) -> int:
    from ...core.secrets import HIDDEN, sounds_secret

    found = _conf(at).as_dict(display_sensitive=False)
    for section in sorted(found):
        if given.section in (None, section):
            print(f"[{section}]")
            for option, value in sorted(found[section].items()):
                print(f"{option} = {HIDDEN if sounds_secret(option) else value}")
            print()
    return SUCCESS


def _conf(at: At) -> Any:
    from ...sdk.settings import conf

    if at.home_given:
        os.environ["VENTURI_HOME"] = at.home_given  # of this process alone: author's settings ask for it there
    return conf


# ── what else is installed ───────────────────────────────────────────────────────────────────────────────


def providers(_: At, given: Namespace) -> int:
    found = {}
    for one in distributions():
        name = (one.metadata["Name"] or "").lower()
        if name.startswith(_PREFIX):
            found[name] = {"package_name": name, "description": one.metadata["Summary"], "version": one.version}
    rows.show([found[name] for name in sorted(found)], given.output, ("package_name", "description", "version"))
    if not found:
        say("The usual providers need no package here; a bundle's requirements.txt adds others for its own files.")
    return SUCCESS


def provider(_: At, given: Namespace) -> int:
    try:
        found = metadata(given.provider_name)
    except PackageNotFoundError:
        fail(f"There is no package '{given.provider_name}' in this environment.", code="no_such_provider")
    row = {"Provider": found["Name"], "Version": found["Version"], "Description": found["Summary"]}
    rows.show([row], given.output, tuple(row))
    return SUCCESS


def plugins(at: At, given: Namespace) -> int:
    """In a Python in which `airflow` is served, since reading a plugin runs it."""
    import json
    import subprocess

    from ...bundles import single_file_bundle
    from ..python import environment_for

    file = at.home.root / "dags" / "any"
    environment = environment_for(at.home, at.home_given, single_file_bundle(file), file)
    code = (
        "import json; from venturi.airflow import plugins as p; "
        "print(json.dumps([[[k.name or k.__name__, str(k.__module__)] for k in p.plugins()], p.problems]))"
    )
    argv = [sys.executable, "-m", "venturi.cli.finder", "-c", code]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"The plugins could not be read: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    found, problems = json.loads(done.stdout.strip().splitlines()[-1])
    rows.show([{"name": name, "source": source} for name, source in found], given.output, ("name", "source"))
    for place, why in problems.items():
        say(f"{place}: {why}")
    return SUCCESS
