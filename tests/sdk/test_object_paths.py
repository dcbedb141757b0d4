"""Object storage paths: in a folder, in memory, and in a store that speaks S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.loading import load
from venturi.sdk.object_paths import ObjectStoragePath
from venturi.sdk.object_stores import ObjectStore, attach, get_fs, has_fs
from venturi.sdk.port import installed
from venturi.testing import LocalPort, LocalStore, run_dag
from venturi.wire import values


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def connected(s3: str) -> Iterator[LocalStore]:
    extra = {"endpoint_url": s3, "region_name": "us-east-1"}
    found = {"conn_type": "aws", "login": "key", "password": "secret", "extra": json.dumps(extra)}
    store = LocalStore(connections={"minio": {"conn_id": "minio", **found}})
    with installed(LocalPort(store)):
        yield store


_numbers = iter(range(1000))


@pytest.fixture(params=["file", "memory", "s3"])
def base(request: pytest.FixtureRequest, tmp_path: Any) -> ObjectStoragePath:
    """An empty place in each kind of store."""
    n = next(_numbers)
    if request.param == "file":
        return ObjectStoragePath(f"file://{tmp_path}/base")
    if request.param == "memory":
        return ObjectStoragePath(f"memory://base{n}")
    request.getfixturevalue("connected")
    return ObjectStoragePath(f"s3://minio@bucket-{n}/")


def test_files_are_written_read_listed_and_removed_everywhere_alike(base: ObjectStoragePath) -> None:
    base.mkdir(exist_ok=True)
    path = base / "folder" / "a.tar.gz"
    if path.protocol == "file":
        path.parent.mkdir()
    assert not path.exists()
    assert path.write_text("héllo") == 6
    assert path.read_text() == "héllo"
    assert (path.size(), path.stat().st_size, path.stat().is_file()) == (6, 6, True)
    with (base / "folder" / "b.bin").open("wb") as file:
        file.write(b"0123456789")
    assert (base / "folder/b.bin").read_block(2, 3) == b"234"
    assert [p.name for p in sorted((base / "folder").iterdir())] == ["a.tar.gz", "b.bin"]
    assert [p.name for p in base.glob("*/*.bin")] == ["b.bin"]
    assert sorted(p.name for p in base.rglob("*.*")) == ["a.tar.gz", "b.bin"]
    assert [(f.name, sorted(files)) for f, _, files in base.walk() if files] == [("folder", ["a.tar.gz", "b.bin"])]
    assert (base / "folder").is_dir()
    assert path.is_file()
    with path.open() as file:
        assert file.read() == "héllo"
    moved = path.rename("c.txt")
    assert (moved.name, moved.exists(), path.exists()) == ("c.txt", True, False)
    moved.copy(base / "copied.txt")
    moved.move(base / "moved.txt")
    assert [(base / name).read_text() for name in ("copied.txt", "moved.txt")] == ["héllo", "héllo"]
    assert not moved.exists()
    (base / "folder").copy(base / "again", recursive=True)
    assert (base / "again" / "b.bin").read_bytes() == b"0123456789"
    (base / "again").rmdir()
    assert not (base / "again").exists()
    (base / "empty").touch()
    assert (base / "empty").size() == 0
    (base / "copied.txt").unlink()
    (base / "copied.txt").unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        (base / "copied.txt").unlink()


def test_what_a_path_is_called() -> None:
    path = ObjectStoragePath("s3://minio@bucket/key/part.tar.gz")
    assert (path.protocol, path.conn_id, path.bucket, path.key) == ("s3", "minio", "bucket", "key/part.tar.gz")
    assert (path.container, path.namespace, path.path) == ("bucket", "s3://bucket", "bucket/key/part.tar.gz")
    assert (path.name, path.stem, path.suffix, path.suffixes) == ("part.tar.gz", "part.tar", ".gz", [".tar", ".gz"])
    assert str(path) == "s3://minio@bucket/key/part.tar.gz"
    assert path.as_uri() == "s3://bucket/key/part.tar.gz"
    assert path.parts == ("bucket", "key", "part.tar.gz")
    assert str(path.parent) == "s3://minio@bucket/key"
    assert str(path.with_name("x.csv")) == "s3://minio@bucket/key/x.csv"
    assert path.with_suffix(".zip").name == "part.tar.zip"
    assert path.relative_to("s3://minio@bucket") == "key/part.tar.gz"
    assert path.is_relative_to(ObjectStoragePath("s3://bucket", conn_id="minio"))
    assert not path.is_relative_to(ObjectStoragePath("s3://bucket"))
    assert path == ObjectStoragePath("s3://bucket/key/part.tar.gz", conn_id="minio")
    assert path != ObjectStoragePath("s3://bucket/key/part.tar.gz")
    assert len({path, ObjectStoragePath(path)}) == 1
    assert path.joinpath("/x", "y").path == "bucket/key/part.tar.gz/x/y"
    assert [str(p) for p in path.parents][-1] == "s3://minio@bucket"
    assert ObjectStoragePath("a/b").path.startswith("/")
    assert ObjectStoragePath.cwd() / "x" == ObjectStoragePath("x")


def test_paths_go_between_stores(tmp_path: Any, connected: LocalStore) -> None:
    there = ObjectStoragePath("s3://between-stores/", conn_id="minio")
    there.mkdir()
    (tmp_path / "local.txt").write_text("mine")
    local = ObjectStoragePath(f"file://{tmp_path}/local.txt")
    local.copy(there / "up.txt")
    (there / "up.txt").copy(ObjectStoragePath(f"file://{tmp_path}/deep/down.txt"))
    assert (tmp_path / "deep" / "down.txt").read_text() == "mine"
    local.move(ObjectStoragePath("memory://between/moved.txt"))
    assert not local.exists()
    assert ObjectStoragePath("memory://between/moved.txt").read_text() == "mine"


def test_a_path_is_a_value_between_tasks(tmp_path: Any, connected: LocalStore) -> None:
    path = ObjectStoragePath("s3://bucket/key", conn_id="minio", anon=False)
    assert values.decode(values.encode([path]).data, classes=True) == [path]
    dag = load(
        tmp_path,
        f"""
        from airflow.sdk import DAG, ObjectStoragePath, task
        from airflow.io.path import ObjectStoragePath as of_two
        assert of_two is ObjectStoragePath
        base = ObjectStoragePath("file://{tmp_path}/out")
        with DAG("d", schedule=None):
            @task
            def write(**context) -> ObjectStoragePath:
                base.mkdir(exist_ok=True)
                path = base / "made.txt"
                path.write_text(context["run_id"])
                return path
            @task
            def read(path: ObjectStoragePath):
                return [path.read_text(), path.name, str(path.fs.protocol)]
            read(write())
        """,
    ).dag
    assert run_dag(dag, run_id="r1").value("read") == ["r1", "made.txt", "('file', 'local')"]


def test_a_store_of_ones_own_holds_for_its_scheme_and_connection() -> None:
    fs = get_fs("memory")
    mine = attach("custom", "c", fs=fs)
    assert isinstance(mine, ObjectStore)
    path = ObjectStoragePath("custom://c@place/x")
    path.write_text("kept")
    assert fs.cat("place/x") == b"kept"
    assert attach("memory").fs is not None
    assert has_fs("s3")
    assert not has_fs("nothing")
    with pytest.raises(ValueError, match="No filesystem registered for scheme nothing"):
        ObjectStoragePath("nothing://x").exists()
    with pytest.raises(ValueError, match="No registered store with alias: gone"):
        attach(alias="gone")
