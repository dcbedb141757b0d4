"""Which folders are bundles, and which files in them may hold DAGs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from venturi.bundles import Finder, Scan, import_roots, single_file_bundle
from venturi.bundles.finding import may_hold_dags

DAG = "from airflow import DAG\n"


@pytest.fixture
def tree(tmp_path: Path):
    def make(*paths: str) -> Path:
        for path in paths:
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
            else:
                place.write_text(DAG if path.endswith(".py") else "")
        return tmp_path

    return make


def scan(*roots: Path, **more) -> Scan:
    return Finder(roots, **more).scan()


def names(found: Scan) -> dict[str, str]:
    """file → its bundle's root, both short"""
    return {f.file.name: f.bundle.root.name for f in found.files}


def test_a_folder_with_requirements_or_a_dags_folder_is_a_bundle_and_the_rest_is_one_more(tree):
    top = tree("r/loose.py", "r/a/requirements.txt", "r/a/x/one.py", "r/b/dags/two.py", "r/c/three.py") / "r"
    assert names(scan(top)) == {"loose.py": "r", "one.py": "a", "two.py": "b", "three.py": "r"}
    assert {b.root.name for b in scan(top).bundles} == {"r", "a", "b"}


def test_the_outermost_bundle_wins(tree):
    top = tree("r/a/requirements.txt", "r/a/b/requirements.txt", "r/a/b/dags/one.py") / "r"
    assert names(scan(top)) == {"one.py": "a"}


def test_a_root_that_is_itself_a_bundle_holds_everything(tree):
    top = tree("r/requirements.txt", "r/b/dags/one.py") / "r"
    assert names(scan(top)) == {"one.py": "r"}
    assert [b.root for b in scan(top).bundles] == [top]


def test_a_root_of_bundles_alone_is_no_bundle_of_its_own(tree):
    top = tree("r/a/dags/one.py", "r/b/dags/two.py") / "r"
    assert {b.root.name for b in scan(top).bundles} == {"a", "b"}


def test_a_root_inside_another_root_is_read_once(tree):
    top = tree("r/a/dags/one.py") / "r"
    found = scan(top, top / "a" / "dags", top)
    assert len(found.files) == 1
    assert not found.problems


def test_bundles_of_one_name_are_told_apart(tree):
    top = tree("one/etl/dags/a.py", "two/etl/dags/b.py")
    found = scan(top / "one", top / "two")
    assert sorted(b.name for b in found.bundles) == ["etl", "etl-2"]
    assert {f.bundle.name for f in found.files} == {"etl", "etl-2"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"from airflow import DAG", True),
        (b"import Airflow.Decorators as x; @DAG", True),
        (b"from venturi import dag", True),
        (b"import airflow", False),
        (b"import pandas", False),
        (b"# a dagger", False),
    ],
)
def test_only_files_that_speak_of_dags_are_candidates(content, expected):
    assert may_hold_dags(content) is expected


def test_a_file_is_looked_at_again_when_it_has_changed(tree):
    top = tree("r/a.py") / "r"
    finder = Finder([top])
    assert len(finder.scan().files) == 1
    (top / "a.py").write_text("import pandas\n")
    assert finder.scan().files == []


def test_caches_hidden_folders_and_virtual_environments_are_not_walked(tree):
    top = tree("r/.git/a.py", "r/__pycache__/b.py", "r/env/pyvenv.cfg", "r/env/lib/c.py", "r/d.py") / "r"
    assert names(scan(top)) == {"d.py": "r"}


def test_a_loop_of_links_is_reported_and_not_followed(tree):
    top = tree("r/a/one.py") / "r"
    (top / "a" / "again").symlink_to(top)
    found = scan(top)
    assert names(found) == {"one.py": "r"}
    assert [p.path.name for p in found.problems] == ["again"]
    assert "another name" in found.problems[0].reason


def test_a_folder_is_known_by_its_own_name_even_when_a_link_to_it_sorts_first(tree):
    top = tree("r/zz/one.py") / "r"
    (top / "aa").symlink_to(top / "zz")
    assert [f.file for f in scan(top).files] == [top / "zz" / "one.py"]


def test_a_link_that_leads_nowhere_is_reported(tree):
    top = tree("r/one.py") / "r"
    (top / "gone.py").symlink_to(top / "nothing.py")
    assert [(p.path.name, "nowhere" in p.reason) for p in scan(top).problems] == [("gone.py", True)]


# Looked at once before root's rights are given up: what that imports may lie where only root reads.
LOOKING = """
import os, sys
from pathlib import Path
from venturi.bundles import Finder
Finder([Path(sys.argv[1])]).scan()
if os.getuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
found = Finder([Path(sys.argv[1])]).scan()
print([f.file.name for f in found.files], [f"{p.path.name}: {p.reason}" for p in found.problems])
"""


def test_a_folder_that_cannot_be_read_is_reported():
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to others
        top = Path(folder)
        top.chmod(0o755)
        (top / "closed").mkdir()
        (top / "two.py").write_text(DAG)
        (top / "closed").chmod(0)
        done = subprocess.run([sys.executable, "-c", LOOKING, folder], capture_output=True, text=True, check=True)
        assert done.stdout == "['two.py'] ['closed: Cannot be read: Permission denied.']\n"


def test_a_root_that_is_not_there_is_reported(tmp_path):
    assert [p.reason for p in scan(tmp_path / "no").problems] == ["There is no such folder."]


def test_a_bundle_names_its_interpreter_relative_to_itself(tree):
    top = tree("r/requirements.txt", "r/one.py") / "r"
    (top / "python").symlink_to(sys.executable)
    (top / "venturi.toml").write_text('python = "python"\n')
    assert scan(top).bundles[0].python == str(top / "python")


def test_an_interpreter_that_is_not_there_is_reported_and_ours_is_used(tree):
    top = tree("r/requirements.txt", "r/one.py") / "r"
    (top / "venturi.toml").write_text('python = "nowhere/python"\n')
    found = scan(top, python="/ours")
    assert found.bundles[0].python == "/ours"
    assert "no interpreter" in found.problems[0].reason


class TestASingleFile:
    def test_its_bundle_is_the_outermost_up_to_the_repository_root(self, tree):
        top = tree("w/requirements.txt", "w/repo/.git/", "w/repo/a/requirements.txt", "w/repo/a/b/dags/c/one.py") / "w"
        assert single_file_bundle(top / "repo/a/b/dags/c/one.py").root == top / "repo" / "a"

    def test_outside_a_repository_a_stray_dags_folder_far_above_claims_nothing(self, tree):
        top = tree("w/dags/", "w/x/y/one.py") / "w"
        assert single_file_bundle(top / "x/y/one.py").root == top / "x" / "y"

    def test_outside_a_repository_the_parent_of_its_dags_folder_is_its_bundle(self, tree):
        top = tree("w/p/dags/q/one.py") / "w"
        assert single_file_bundle(top / "p/dags/q/one.py").root == top / "p"

    def test_a_file_below_a_root_has_the_bundle_of_the_root(self, tree):
        top = tree("r/a/dags/one.py") / "r"
        assert Finder([top]).bundle_for(top / "a/dags/one.py").root == top / "a"


def test_import_roots_are_the_dags_folder_its_parent_and_the_files_own_folder(tree):
    top = tree("p/dags/team/one.py") / "p"
    bundle = single_file_bundle(top / "dags/team/one.py")
    assert import_roots(bundle, top / "dags/team/one.py") == [str(top / "dags"), str(top), str(top / "dags/team")]


def test_without_a_dags_folder_the_import_roots_are_the_files_own_folder_and_the_bundle(tree):
    top = tree("p/requirements.txt", "p/jobs/one.py") / "p"
    bundle = scan(top).bundles[0]
    assert import_roots(bundle, top / "jobs/one.py") == [str(top / "jobs"), str(top)]


class TestIgnoring:
    def found(self, top: Path, syntax: str) -> list[str]:
        return sorted(f.file.relative_to(top).as_posix() for f in scan(top, ignore_syntax=syntax).files)

    def test_regular_expressions_are_searched_for_in_the_path_relative_to_their_file(self, tree):
        top = tree("r/one.py", "r/sub/one_test.py", "r/old/two.py", "r/sub/three.py") / "r"
        (top / ".airflowignore").write_text("# a comment\n_test  # and one behind\n^old\n\n")
        assert self.found(top, "regexp") == ["one.py", "sub/three.py"]

    def test_an_ignore_file_holds_for_its_own_folder_only(self, tree):
        top = tree("r/a/one.py", "r/b/one.py") / "r"
        (top / "a" / ".airflowignore").write_text("one\n")
        assert self.found(top, "regexp") == ["b/one.py"]

    def test_a_line_that_is_no_regular_expression_is_reported_and_the_others_hold(self, tree):
        top = tree("r/one.py", "r/two.py") / "r"
        (top / ".airflowignore").write_text("*.tmp\ntwo\n")
        found = scan(top)
        assert names(found) == {"one.py": "r"}
        assert "Line 1" in found.problems[0].reason

    def test_globs_are_those_of_gitignore(self, tree):
        top = tree("r/one.py", "r/x/one.py", "r/keep/a.py", "r/keep/b.py", "r/deep/er/c.py") / "r"
        (top / ".airflowignore").write_text("# comment\n/one.py\nkeep/*\n!keep/b.py\n**/er/\n")
        assert self.found(top, "glob") == ["keep/b.py", "x/one.py"]

    def test_a_deeper_ignore_file_has_the_last_word_among_globs(self, tree):
        top = tree("r/a/one.py", "r/b/one.py") / "r"
        (top / ".airflowignore").write_text("one.py\n")
        (top / "a" / ".airflowignore").write_text("!one.py\n")
        assert self.found(top, "glob") == ["a/one.py"]

    def test_an_ignored_folder_is_not_walked(self, tree):
        top = tree("r/big/one.py", "r/two.py") / "r"
        (top / "big" / "loop").symlink_to(top)  # would be reported if it were seen
        (top / ".airflowignore").write_text("^big$\n")
        found = scan(top)
        assert names(found) == {"two.py": "r"}
        assert not found.problems
