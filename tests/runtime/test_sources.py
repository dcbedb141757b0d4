"""Bundle sources: what ran is what is named, and an old version is imported as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from venturi.runtime.sources import Sources, module_of
root, folder, file, kept = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
sources = Sources(root, [root], folder, kept)
sources.install()
module, code = module_of(file, sources)
exec(code, module.__dict__)
version = sources.version()
sources.keep(version)
print(json.dumps([version, sources.modules, module.VALUE, module.__name__, module.__file__]))
"""


def load(root: Path, folder: Path, name: str = "dag.py", kept: dict | None = None) -> list:
    """In a process of its own: an import leaves its traces."""
    import json

    argv = [sys.executable, "-c", PROGRAM, str(root), str(folder), str(root / name), json.dumps(kept or {})]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bundle(root: Path) -> Path:
    (root / "pack" / "deep").mkdir(parents=True)
    (root / "pack" / "__init__.py").write_text("from .part import PART\n")
    (root / "pack" / "part.py").write_text("PART = 'part'\n")
    (root / "space").mkdir()
    (root / "space" / "inner.py").write_text("INNER = 'inner'\n")
    (root / "dag.py").write_text("from pack import PART\nfrom space.inner import INNER\nVALUE = PART + INNER\n")
    return root


def test_every_module_of_the_bundle_is_named_and_no_other(tmp_path: Path) -> None:
    root = bundle(tmp_path / "root")
    _, modules, value, *_ = load(root, tmp_path / "kept")
    assert value == "partinner"
    names = {str(Path(path).relative_to(root)) for path in modules}
    assert names == {"dag.py", "pack/__init__.py", "pack/part.py", "space/inner.py"}


def test_the_version_follows_content_and_names_but_not_the_place(tmp_path: Path) -> None:
    one = load(bundle(tmp_path / "one"), tmp_path / "kept")[0]
    two = load(bundle(tmp_path / "two"), tmp_path / "kept")[0]
    assert one == two
    (tmp_path / "two" / "pack" / "part.py").write_text("PART = 'other'\n")
    assert load(tmp_path / "two", tmp_path / "kept")[0] != one


def test_data_files_are_no_part_of_a_version(tmp_path: Path) -> None:
    root = bundle(tmp_path / "root")
    before = load(root, tmp_path / "kept")[0]
    (root / "data.csv").write_text("1,2")
    assert load(root, tmp_path / "kept")[0] == before


def test_an_old_version_needs_nothing_of_it_on_the_disk(tmp_path: Path) -> None:
    root = bundle(tmp_path / "root")
    version, modules, value, *_ = load(root, tmp_path / "kept")
    for path in modules:
        Path(path).unlink()
    again = load(root, tmp_path / "kept", kept=modules)
    assert (again[0], again[2]) == (version, value)
    assert again[4] == str(root / "dag.py")


def test_a_compiled_file_beside_it_is_never_believed(tmp_path: Path) -> None:
    root = bundle(tmp_path / "root")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(root)], check=True)
    part = root / "pack" / "part.py"
    stamp = part.stat()
    part.write_text("PART = 'p4rt'\n")
    import os

    os.utime(part, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # same size, same time: Python would take the old one
    assert load(root, tmp_path / "kept")[2] == "p4rtinner"


def test_a_file_named_like_a_library_shadows_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "my-dag.py").write_text("import decimal\nVALUE = decimal.__file__\n")
    _, _, value, name, _ = load(root, tmp_path / "kept", "my-dag.py")
    assert str(root) not in value
    assert name.startswith("unusual_prefix_")
    assert name.endswith("_my_dag")
