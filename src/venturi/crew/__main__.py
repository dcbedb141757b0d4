"""`python -m venturi.crew --home DIR`: two stages of one process, so that the crew stays small.

The first reads the configuration (which needs half the standard library) and replaces itself by the second, which is
told the result. Owns redirection of the crew's own output and its session.
"""

from __future__ import annotations

import json
import os
import sys


def _first_stage(home_given: str | None) -> None:
    from ..config import find_home, read_config
    from .settings import Settings

    home = find_home(home_given)
    home.make()
    if home_given:
        os.environ["VENTURI_HOME"] = str(home.root)  # author code finds the same home: settings, outbox
    config = read_config(home)
    settings = Settings(
        socket=home.socket("crew"),
        lock=str(home.run / "crew.lock"),
        logs=str(home.logs),
        spool=str(home.spool),
        values=str(home.values),
        sources=str(home.sources),
        slots=config.slots,
        grace_s=config.grace_s,
        drain_s=config.drain_s,
        idle_s=config.crew_idle_s,
        file_zygotes_max=config.file_zygotes_max,
        log_bytes_max=config.log_bytes_max,
        log_line_bytes_max=config.log_line_bytes_max,
        value_inline_bytes_max=config.value_inline_bytes_max,
        parse_time_limit_s=config.parse_time_limit_s,
        parse_memory_limit_mb=config.parse_memory_limit_mb,
        trigger_blocks_s_max=config.trigger_blocks_s_max,
    )
    safe = ["-P"] if sys.version_info >= (3, 11) else []
    # `--home` stays in the command line for whoever reads `ps`.
    argv = [sys.executable, *safe, "-m", "venturi.crew", "--home", str(home.root), "--told", json.dumps(settings)]
    os.execv(sys.executable, argv)


def _second_stage(told: str) -> None:
    import gc

    from .settings import Settings

    if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    settings = Settings(*json.loads(told))
    _redirect(f"{settings.logs}/venturi-crew.log")
    try:
        os.setsid()
    except OSError:
        pass  # whoever started us has made us a session leader already
    from .supervisor import Crew

    crew = Crew(settings)
    gc.collect()
    gc.freeze()
    crew.run()


def _redirect(log: str) -> None:
    """No end of ours may hold a pipe or terminal of whoever started us."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)


def main(argv: list[str]) -> int:
    given = dict(zip(argv[::2], argv[1::2], strict=False))
    if len(argv) % 2 or set(given) - {"--home", "--told"}:
        print("usage: python -m venturi.crew [--home DIR]", file=sys.stderr)
        return 2
    if "--told" in given:
        _second_stage(given["--told"])
    else:
        _first_stage(given.get("--home"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
