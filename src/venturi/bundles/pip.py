"""Calls pip, tells how far it is, and makes one sentence of how it failed.

Owns the reading of what pip prints. The user's own settings of pip (registry, proxy, certificates) hold.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..core.errors import EnvironmentFailed
from .requirements import Requirements, spelled

_STEPS = re.compile(r"\s*(Collecting|Downloading|Building wheel for|Installing collected packages)\b(.*)")
_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|Network is unr"
)
_NONE_FOUND = re.compile(r"ERROR: No matching distribution found for (.+)")
_VERSIONS = re.compile(r"satisfies the requirement [^\n]*\(from versions: ([^)]*)\)")
_CONFLICT = re.compile(r"ERROR: Cannot install (.+?) because these package versions have conflicting dependencies")
_INVALID = re.compile(r"ERROR: Invalid requirement: '?\"?([^'\"\n]+)")
_NOT_BUILT = re.compile(r"Failed building wheel for (\S+)")
_COLLECTED = re.compile(r"Collecting ([A-Za-z0-9][\w.-]*)")
_HASHES = re.compile(r"THESE PACKAGES DO NOT MATCH THE HASHES|Hashes are required", re.I)


def serves_other_interpreters() -> bool:
    """Whether a pip of ours can install into another interpreter (`--python`, since 22.3)."""
    try:
        major, minor = importlib.metadata.version("pip").split(".")[:2]
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
    return (int(major), int(minor)) >= (22, 3)


def install(python: str, arguments: list[str], folder: Path, wanted: Requirements, step: Callable[[str], None]) -> None:
    """Raises EnvironmentFailed with what to do. Relative paths in the requirements are relative to `folder`."""
    call = [sys.executable, "-m", "pip", "--python", python] if serves_other_interpreters() else [python, "-m", "pip"]
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-warn-script-location"]
    said: list[str] = []
    process = subprocess.Popen(
        [*call, "install", *quiet, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            said.append(line)
            found = _STEPS.match(line)
            shown = _shown(found[1], found[2]) if found is not None else ""
            if shown:
                step(shown)
    except BaseException:
        process.terminate()
        raise
    finally:
        process.wait()
    if process.returncode != 0:
        raise explained("".join(said), wanted)


def _shown(verb: str, rest: str) -> str:
    rest = rest.strip().partition(" (from")[0]
    if verb.startswith("Installing"):
        return f"installing {rest.count(',') + 1} packages"
    if verb == "Downloading":
        file, _, size = rest.rpartition("/")[2].partition(" ")
        name = "-".join(file.split("-")[:2])
        return f"downloading {name} {size}" if "MB" in size or "GB" in size else ""
    return f"{verb.lower()} {rest}"


def explained(said: str, wanted: Requirements) -> EnvironmentFailed:
    """What pip has printed before it gave up, as one sentence that names the line."""
    none = _NONE_FOUND.search(said)
    versions = _VERSIONS.search(said)
    there = versions[1].strip() if versions else ""
    if _NETWORK.search(said) and there in ("", "none"):
        return _failed("The package registry cannot be reached", "", "Look at the network and at pip's settings.")
    if none is not None:
        asked = none[1].partition(" (from")[0].strip()
        known = f" The registry has: …, {', '.join(there.split(', ')[-5:])}." if there not in ("", "none") else ""
        advice = "Correct the name or the version."
        if there == "none":  # pip that is told not to ask again says no more of a registry that does not answer
            advice = "Correct the name or the version, or look whether the registry answers."
        return _failed(f"No package satisfies '{asked}'{_place(asked, wanted)}", known, advice)
    conflict = _CONFLICT.search(said)
    if conflict is not None:
        why = re.findall(r"^ {4}(\S.*(?:depends on|requested).*)$", said, re.M)[:4]
        named = re.split(r",? and |, ", conflict[1])
        place = "".join(dict.fromkeys(filter(None, (_place(one, wanted) for one in named))))
        more = f" {'; '.join(why)}." if why else ""
        return _failed(f"{conflict[1]} cannot be installed together{place}", more, "Loosen one of these versions.")
    invalid = _INVALID.search(said)
    if invalid is not None:
        text = invalid[1].strip()
        line = next((x for x in wanted.lines if x.text.startswith(text)), None)
        place = f" ({line.file}, line {line.number})" if line else ""
        return _failed(f"'{text}' is no requirement{place}", "", "Write it as name==version.")
    if _HASHES.search(said):
        return _failed("A package does not have the hash that is asked for", "", "Make the hashes anew.")
    if "No space left on device" in said:
        return _failed("The disk is full", "", "Make room; it is built anew at the next start.")
    name = _unbuilt(said)
    if name:
        what = f"'{name}' has no ready-made package here and cannot be built{_place(name, wanted)}"
        return _failed(what, "", "Ask for a version that has one for this Python, or install what its build needs.")
    errors = [line[7:] for line in said.splitlines() if line.startswith("ERROR: ")]
    return _failed(errors[-1].rstrip(".") if errors else "pip ended without saying why", "", "")


def _unbuilt(said: str) -> str:
    built = _NOT_BUILT.search(said)
    if built is not None:
        return built[1]
    collected = _COLLECTED.findall(said)
    return collected[-1] if collected and "subprocess-exited-with-error" in said else ""


def _failed(what: str, more: str, advice: str) -> EnvironmentFailed:
    return EnvironmentFailed(reason=f"{what}.{more}", advice=advice)


def _place(asked: str, wanted: Requirements) -> str:
    found = re.match(r"[A-Za-z0-9][\w.-]*", asked)
    line = wanted.line_of(spelled(found[0])) if found else None
    return f" ({line.file}, line {line.number})" if line else ""
