"""Which files are read when, and what a bad one does to the others: nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from venturi.core.spec import DagSpec, TaskSpec, to_json
from venturi.engine.dagfiles import DagFiles
from venturi.engine.pausing import set_paused
from venturi.executors.base import Disconnected, Loaded

from .conftest import Bench

TEXT = "from airflow import DAG  # dag {}\n"


def write(folder: Path, name: str, text: str = TEXT) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def spec(dag_id: str, **more: object) -> DagSpec:
    return DagSpec(dag_id, tasks=(TaskSpec("a"),), **more)  # type: ignore[arg-type]


def errors(bench: Bench) -> dict[str, str]:
    with bench.store.reader() as reader:
        return {row.file: row.error["message"] for row in reader.import_errors()}


def test_a_new_file_is_read_and_its_dag_known(bench: Bench) -> None:
    file = write(bench.roots[0], "one.py")
    bench.files.changed({file})
    bench.files.pump()
    assert [source["file"] for _, source in bench.executor.loads] == [file]
    bench.loaded([spec("one")])
    with bench.store.reader() as reader:
        assert [d.dag_id for d in reader.dags()] == ["one"]


def test_the_last_good_version_stays_active_beside_the_error(bench: Bench) -> None:
    file = write(bench.roots[0], "one.py")
    bench.files.changed({file})
    bench.files.pump()
    bench.loaded([spec("one")])
    bench.files.changed({file})
    bench.files.pump()
    error = {"type": "SyntaxError", "message": "invalid syntax", "file": file, "line": 3}
    bench.turn(Loaded(bench.executor.loads[-1][0], b"[]", {}, error))
    assert errors(bench) == {file: "invalid syntax"}
    assert bench.trigger("one")
    assert len(bench.executor.starts) == 1
    bench.files.changed({file})
    bench.files.pump()
    bench.loaded([spec("one")])
    assert errors(bench) == {}


def test_the_same_spec_makes_no_new_version_and_a_changed_one_does(bench: Bench) -> None:
    bench.declare(spec("one"))
    first = bench.engine.versions.current("one")
    bench.declare(spec("one"))
    assert bench.engine.versions.current("one") is first
    bench.declare(spec("one", description="new"))
    second = bench.engine.versions.current("one")
    assert second is not None
    assert first is not None
    assert second.id > first.id


def test_a_run_keeps_its_version_to_its_end_and_an_old_one_is_read_from_kept_sources(bench: Bench) -> None:
    bench.files.want("/dags/one.py", lambda state, turn: None)
    bench.files.pump()
    tasks = (TaskSpec("a"), TaskSpec("b", upstream=("a",)))
    bench.loaded([DagSpec("one", tasks=tasks)], "v1", modules={"/dags/one.py": "abc"})
    bench.trigger("one")
    bench.files.want("/dags/one.py", lambda state, turn: None)
    bench.files.pump()
    bench.loaded([DagSpec("one", tasks=(TaskSpec("other"),))], "v2", modules={"/dags/one.py": "def"})
    bench.turn(bench.ended(1))
    start = bench.executor.starts[-1]
    assert (start.what, start.source["version"]) == ("one · b", "v1")
    assert start.source["kept"] == {"/dags/one.py": "abc"}


def test_a_dag_id_stays_with_the_file_that_had_it_first(bench: Bench) -> None:
    one, two = write(bench.roots[0], "one.py"), write(bench.roots[0], "two.py")
    bench.files.changed({one, two})
    bench.files.pump()
    for request, _ in list(bench.executor.loads):
        bench.loaded([spec("same")], request=request)
    said = errors(bench)[two]
    assert said == f"DAG id 'same' is already defined in {one}, which keeps it. Rename the one in {two}."


def test_a_file_that_is_gone_takes_its_dags_with_it_and_a_new_owner_may_come(bench: Bench) -> None:
    one = write(bench.roots[0], "one.py")
    bench.files.changed({one})
    bench.files.pump()
    bench.loaded([spec("same")])
    Path(one).unlink()
    two = write(bench.roots[0], "two.py")
    bench.files.changed({one, two})
    bench.turn()
    bench.loaded([spec("same")])
    assert errors(bench) == {}
    with bench.store.reader() as reader:
        assert reader.dags()[0].active


def test_a_dag_that_was_away_comes_back_as_it_went_paused_or_not(bench: Bench) -> None:
    file = write(bench.roots[0], "one.py")
    bench.files.changed({file})
    bench.files.pump()
    bench.loaded([spec("one", paused_upon_creation=True)])
    for paused in (False, True):
        bench.turn(do=lambda turn, to=paused: set_paused(bench.engine, "one", to, turn))
        Path(file).unlink()
        bench.files.changed({file})
        bench.turn(do=bench.files.tell_gone)
        assert bench.engine.versions.current("one") is None
        bench.engine.world.dags.pop("one")  # as in an engine that has begun meanwhile
        write(bench.roots[0], "one.py")
        bench.files.changed({file})
        bench.files.pump()
        bench.loaded([spec("one", paused_upon_creation=not paused)])
        with bench.store.reader() as reader:
            row = reader.dag("one")
        assert row is not None
        assert row.paused is bench.engine.world.dag("one").paused is paused


@pytest.mark.parametrize("breaks", [False, True])
def test_what_a_file_that_is_gone_meanwhile_was_read_as_counts_no_more(bench: Bench, breaks: bool) -> None:
    file = write(bench.roots[0], "one.py")
    bench.files.changed({file})
    bench.files.pump()
    request = bench.executor.loads[-1][0]
    Path(file).unlink()
    bench.files.changed({file})
    bench.turn(do=bench.files.tell_gone)
    error = {"type": "ValueError", "message": "broken", "file": file, "line": 1} if breaks else None
    bench.turn(Loaded(request, json.dumps([to_json(spec("one"))]).encode(), {"version": "v", "modules": {}}, error))
    assert errors(bench) == {}
    assert bench.engine.versions.current("one") is None


def test_a_cycle_is_an_import_error_of_its_file_alone(bench: Bench) -> None:
    bad = DagSpec("bad", tasks=(TaskSpec("a", upstream=("b",)), TaskSpec("b", upstream=("a",))))
    bench.declare(spec("good"), "/dags/good.py")
    bench.declare(bad, "/dags/bad.py")
    assert list(errors(bench)) == ["/dags/bad.py"]
    assert "cycle" in errors(bench)["/dags/bad.py"]
    assert bench.trigger("good")


def test_a_trigger_rule_that_does_not_exist_is_named_with_those_that_do(bench: Bench) -> None:
    bench.declare(DagSpec("bad", tasks=(TaskSpec("a", trigger_rule="all_fine", line=7),)), "/dags/bad.py")
    said = errors(bench)["/dags/bad.py"]
    assert "'all_fine', which does not exist (/dags/bad.py, line 7)" in said
    assert "all_success" in said


def test_a_file_being_read_when_the_crew_dies_is_read_again(bench: Bench) -> None:
    file = write(bench.roots[0], "one.py")
    bench.files.changed({file})
    bench.files.pump()
    bench.turn(Disconnected("killed"))
    bench.files.forget_requests()
    bench.settle()
    assert len(bench.executor.loads) == 2


def test_a_file_that_changes_while_it_is_read_is_read_once_more(bench: Bench) -> None:
    file = write(bench.roots[0], "one.py")
    bench.files.changed({file})
    bench.files.pump()
    bench.files.changed({file})
    bench.files.pump()
    assert len(bench.executor.loads) == 1
    bench.loaded([spec("one")])
    assert len(bench.executor.loads) == 2


def test_every_file_is_read_again_at_its_interval(bench: Bench) -> None:
    bench.declare(spec("one"))
    again_at = bench.files.refresh(bench.now)
    assert again_at == bench.now + bench.config.refresh_interval_s
    bench.now = again_at + 1
    bench.files.refresh(bench.now)
    bench.files.pump()
    assert len(bench.executor.loads) == 2


def test_a_dag_that_was_tried_by_hand_is_taken_over_by_the_file_in_the_folders(bench: Bench, tmp_path: Path) -> None:
    tried = write(tmp_path, "tried.py")
    bench.declare(spec("one"), tried)
    kept = write(bench.roots[0], "kept.py")
    bench.files.changed({kept})
    bench.files.pump()
    bench.loaded([spec("one")])
    assert errors(bench) == {}
    with bench.store.reader() as reader:
        dag = reader.dag("one")
    assert dag is not None
    assert (dag.file, dag.ad_hoc) == (kept, False)


def test_a_file_that_was_tried_by_hand_where_it_lies_is_kept_once_its_folder_is_ours(
    bench: Bench, tmp_path: Path
) -> None:
    lies = tmp_path / "later"
    lies.mkdir()
    file = write(lies, "tried.py")
    bench.declare(spec("one"), file)
    bench.files = DagFiles(bench.engine, [lies])  # an engine that is started with this folder
    bench.files.scan()
    bench.files.pump()
    bench.loaded([spec("one")])
    with bench.store.reader() as reader:
        dag = reader.dag("one")
    assert dag is not None
    assert (dag.file, dag.ad_hoc) == (file, False)


def test_two_files_run_by_hand_do_not_share_a_dag_unless_the_first_is_gone(bench: Bench, tmp_path: Path) -> None:
    first, second = write(tmp_path, "first.py"), write(tmp_path, "second.py")
    bench.declare(spec("one"), first)
    bench.declare(spec("one"), second)
    assert "already defined" in errors(bench)[second]
    Path(first).unlink()
    bench.declare(spec("one"), second)
    assert errors(bench) == {}
