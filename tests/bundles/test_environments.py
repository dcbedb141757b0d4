"""Environments: one for each text of requirements, built once, and never another bundle's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from venturi.bundles import Finder
from venturi.bundles.environments import Environments
from venturi.bundles.pip import explained
from venturi.bundles.requirements import read
from venturi.core.errors import AuthoringError, EnvironmentFailed

from .wheels import registry, wheel

HAS = "import sys, thing, jinja2, venturi; print(thing.VERSION, venturi.__file__, sys.path[-1])"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    for name, value in registry(folder).items():
        monkeypatch.setenv(name, value)
    for version in ("1.0", "2.0"):
        wheel(folder, "thing", version)
    return folder


@pytest.fixture
def environments(tmp_path: Path, wheels: Path) -> Environments:
    return Environments(tmp_path / "environments")


def bundle(tmp_path: Path, text: str, name: str = "bundle") -> Path:
    root = tmp_path / name
    root.mkdir(exist_ok=True)
    (root / "requirements.txt").write_text(text)
    return root


def says(python: str, text: str) -> list[str]:
    done = subprocess.run([python, "-c", text], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.split()


def test_it_holds_its_lines_what_airflow_would_have_brought_and_us_last(
    tmp_path: Path, environments: Environments
) -> None:
    built = environments.build(bundle(tmp_path, "thing==1.0\n"))
    assert built is not None
    version, ours, last = says(built.python, HAS)
    assert version == "1.0"
    assert Path(ours).parent == tmp_path / "environments" / "path" / "venturi"
    assert [entry.name for entry in Path(last).iterdir()] == ["venturi"]
    assert "thing==1.0" in (built.folder / "resolved.txt").read_text().splitlines()


def test_what_is_built_needs_no_registry_again(
    tmp_path: Path, environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bundle(tmp_path, "thing\n")
    first = environments.build(root)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    steps: list[str] = []
    assert environments.build(root, steps.append) == first
    assert environments.build(bundle(tmp_path, "thing\n", "another")) == first
    assert steps == []


def test_clashing_pins_never_meet(tmp_path: Path, environments: Environments) -> None:
    built = [environments.build(bundle(tmp_path, f"thing=={v}\n", f"b{v[0]}")) for v in ("1.0", "2.0")]
    assert [says(one.python, "import thing; print(thing.VERSION)") for one in built if one] == [["1.0"], ["2.0"]]


def test_airflow_itself_is_left_out_and_a_provider_is_content(
    tmp_path: Path, environments: Environments, wheels: Path
) -> None:
    wheel(wheels, "apache-airflow-providers-amazon", "9.0", ("apache-airflow>=2.11.0", "thing"))
    steps: list[str] = []
    root = bundle(tmp_path, "# the old line\napache-airflow[aws,async]==2.7.0\n")
    built = environments.build(root, steps.append)
    assert built is not None
    assert "requirements.txt, line 2: 'apache-airflow[aws,async]==2.7.0' is left out" in steps[0]
    resolved = (built.folder / "resolved.txt").read_text()
    assert "apache-airflow-providers-amazon==9.0" in resolved
    assert "apache-airflow==3.3.2+venturi" in resolved
    assert says(built.python, "import importlib.util as u; print(u.find_spec('airflow'))") == ["None"]


def test_beside_provider_wheels_stands_what_they_import_and_do_not_declare(
    tmp_path: Path, environments: Environments, wheels: Path
) -> None:
    wheel(wheels, "apache-airflow-providers-http", "6.0", ("apache-airflow>=2.11.0",))
    wheel(wheels, "tenacity", "9.0")
    plain = environments.build(bundle(tmp_path, "thing\n", "plain"))
    with_wheels = environments.build(bundle(tmp_path, "apache-airflow-providers-http\ntenacity==9.0\n"))
    assert plain is not None
    assert with_wheels is not None
    resolved = [(built.folder / "resolved.txt").read_text().splitlines() for built in (plain, with_wheels)]
    assert "python-slugify==1.0" not in resolved[0]
    assert {"python-slugify==1.0", "Deprecated==1.0", "lazy-object-proxy==1.0", "tenacity==9.0"} <= {*resolved[1]}


def test_included_files_and_constraints_count_and_are_followed(tmp_path: Path, environments: Environments) -> None:
    root = bundle(tmp_path, "-r more.txt\n-c held.txt\n")
    (root / "more.txt").write_text("thing \\\n  >=1.0\n")
    (root / "held.txt").write_text("thing<2\n")
    before = read(root / "requirements.txt").key
    built = environments.build(root)
    assert built is not None
    assert says(built.python, "import thing; print(thing.VERSION)") == ["1.0"]
    (root / "held.txt").write_text("thing<3\n")
    assert read(root / "requirements.txt").key != before


def test_an_included_file_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    root = bundle(tmp_path, "thing\n-r gone.txt\n")
    with pytest.raises(
        AuthoringError, match=r"gone.txt that is named here is not there \(.*requirements.txt, line 2\)"
    ):
        read(root / "requirements.txt")


def test_a_failed_build_names_the_line_and_leaves_the_last_good_one(
    tmp_path: Path, environments: Environments, wheels: Path
) -> None:
    root = bundle(tmp_path, "thing==1.0\n")
    good = environments.build(root)
    assert good is not None
    bundle(tmp_path, "# newer\nthing==9.9\n")
    with pytest.raises(EnvironmentFailed, match=r"No package satisfies 'thing==9.9' \(.*requirements.txt, line 2\)"):
        environments.build(root)
    scan = Finder([root], environments).scan()
    assert [(b.python, b.environment, b.waits) for b in scan.bundles] == [(good.python, "failed", False)]
    assert "Until then its files run in its last good one." in scan.problems[0].reason
    wheel(wheels, "thing", "9.9")
    better = environments.build(root)
    assert better is not None
    assert [b.python for b in Finder([root], environments).scan().bundles] == [better.python]


def test_a_bundle_that_never_had_one_waits_and_after_a_failure_runs_in_our_own(
    tmp_path: Path, environments: Environments
) -> None:
    root = bundle(tmp_path, "thing==9.9\n")
    finder = Finder([root], environments, python="/our/own")
    assert [(b.environment, b.waits) for b in finder.scan().bundles] == [("absent", True)]
    with pytest.raises(EnvironmentFailed):
        environments.build(root)
    assert [(b.python, b.waits) for b in finder.scan().bundles] == [("/our/own", False)]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: Could not find a version that "
            "satisfies the requirement thing (from versions: none)\nERROR: No matching distribution found for thing\n",
            "The package registry cannot be reached. Look at the network and at pip's settings.",
        ),
        (
            "ERROR: Cannot install one and thing==1.0 because these package versions have conflicting dependencies.\n"
            "\nThe conflict is caused by:\n    The user requested thing==1.0\n    one 2.0 depends on thing>=2\n",
            "one and thing==1.0 cannot be installed together (FILE, line 1). "
            "The user requested thing==1.0; one 2.0 depends on thing>=2. Loosen one of these versions.",
        ),
        (
            "Collecting thing\n  error: subprocess-exited-with-error\nERROR: Failed building wheel for thing\n",
            "'thing' has no ready-made package here and cannot be built (FILE, line 1). "
            "Ask for a version that has one for this Python, or install what its build needs.",
        ),
        ("ERROR: Invalid requirement: 'thing=1': Expected end\n", "'thing=1' is no requirement (FILE, line 2)."),
        ("ERROR: [Errno 28] No space left on device\n", "The disk is full. Make room"),
        ("ERROR: Something new.\n", "Something new."),
    ],
)
def test_what_pip_says_becomes_one_sentence(tmp_path: Path, said: str, sentence: str) -> None:
    file = bundle(tmp_path, "thing\nthing=1\n") / "requirements.txt"
    assert sentence.replace("FILE", str(file)) in str(explained(said, read(file)))
