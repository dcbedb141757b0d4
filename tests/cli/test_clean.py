"""`venturi clean` with real processes: what it says would go, what goes, and what stays."""

from __future__ import annotations

from .conftest import Place, until

FILE = """
from airflow.decorators import dag, task

@dag(schedule=None)
def big():
    @task
    def numbers():
        print("counting")
        return list(range(60_000))
    numbers()

big()
"""


def runs(place: Place) -> list[str]:
    from venturi.store import open_store

    with open_store(place.home.database) as store, store.reader() as reader:
        return [run.run_id for run in reader.runs("big") if run.state == "success"][::-1]


def test_old_runs_go_with_their_logs_and_the_newest_stay(place: Place) -> None:
    (place.dags / "big.py").write_text(FILE)
    place.up()
    until(lambda: "big" in place("ls").out, "the DAG is listed")
    for n in range(4):
        assert place("trigger", "big", "--run-id", f"r{n}", "--unpause").status == 0
        until(lambda n=n: len(runs(place)) == n + 1, "its end")
    logs = place.home.logs / "big"
    assert sorted(folder.name for folder in logs.iterdir()) == ["r0", "r1", "r2", "r3"]
    would = place("clean", "--keep", "2", "--dry-run")
    assert (would.out.split(), would.err) == (["DAG", "RUNS", "big", "2"], "2 runs would go. Nothing was removed.\n")
    assert len(runs(place)) == 4
    done = place("clean", "--keep", "2", "--json")
    assert done.json["runs"] == 2
    assert done.json["rows"] > 4
    assert runs(place) == ["r2", "r3"]
    assert sorted(folder.name for folder in logs.iterdir()) == ["r2", "r3"]
    assert "counting" in place("logs", "big", "r3", "numbers").out
    assert place("clean", "--before", "90d").out == "0 runs removed, 0 rows and 0 files with them.\n"
    assert len([path for path in place.home.values.rglob("*") if path.is_file()]) == 1  # young, and named


def test_what_cannot_be_is_one_sentence(place: Place) -> None:
    (place.dags / "big.py").write_text(FILE)
    place.up()
    until(lambda: "big" in place("ls").out, "the DAG is listed")
    assert place("clean").err == "Nothing says what may go. Say --before AGE or DATE, or --keep N.\n"
    assert "write it like 90d, 12h, 2w or 2026-01-31" in place("clean", "--before", "old").err
    assert place("clean", "--keep", "1", "--dag", "x").err == "There is no DAG 'x'. List them with: venturi ls\n"
    place("down")
    assert "the command waits for the next `venturi up`" in place("clean", "--keep", "1").err
