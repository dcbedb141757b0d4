"""The pipeline `news`: its DAG is the seed's, its words can be judged, and its failures look as they should."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from venturi.sdk.services.substitutes import NO_IMAGE, declared

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "news"
VENTURI = str(Path(sys.executable).with_name("venturi"))
LIMIT_S = 900


def venturi(home: Path, *arguments: str, cwd: Path = PIPELINE, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOCKER_HOST": f"unix://{home}/none.sock", **variables}
    return subprocess.run(
        [VENTURI, *arguments, "--home", str(home)],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


def test_three_tasks_follow_one_another_daily_without_catch_up(tmp_path):
    # S4.8, S4.u1
    text = (PIPELINE / "dags" / "news_classifier.py").read_text()
    assert '@dag("financial_news", start_date=days_ago(0), schedule="@daily", catchup=False)' in text
    assert text.endswith("\ntaskflow()\n")
    done = venturi(tmp_path, "check", "dags/news_classifier.py", "--json")
    (found,) = json.loads(done.stdout)
    assert (found["errors"], found["warnings"]) == ([], [])
    assert found["dags"] == {
        "financial_news": {"news_load": ["news_label"], "news_label": ["news_by_topic"], "news_by_topic": []}
    }


def test_both_images_have_a_substitute_that_is_the_folder_they_are_built_from():
    # S4.9
    for image, folder in (("data-loader:latest", "data_loader"), ("model-prediction:latest", "model_prediction")):
        found = declared(image, str(PIPELINE / "dags"))
        assert found is not None
        assert found.folder == str(PIPELINE / "ml_pipeline" / folder)
        assert found.when == NO_IMAGE
        recipe = (PIPELINE / "ml_pipeline" / folder / "Dockerfile").read_text()
        copied = {word for line in recipe.splitlines() if line.startswith("COPY") for word in line.split()[1:-1]}
        assert {file.name for file in Path(found.folder).glob("*.py")} <= copied


def test_what_the_images_install_is_what_the_bundle_installs():
    def lines(folder: str) -> set[str]:
        return set((PIPELINE / folder / "requirements.txt").read_text().splitlines())

    assert lines("ml_pipeline/data_loader") | lines("ml_pipeline/model_prediction") <= lines(".")


def test_only_the_dag_file_is_read_for_dags(tmp_path):
    # S4.u4: `utils` lies beside it and is no DAG file.
    done = venturi(tmp_path, "check", ".", "--json")
    found = json.loads(done.stdout)
    assert [Path(one["file"]).name for one in (found if isinstance(found, list) else [found])] == ["news_classifier.py"]


# ── with its environment ──


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The home in which the environment is built, which VENTURI_NEWS_HOME may name, and its interpreter."""
    given = os.environ.get("VENTURI_NEWS_HOME")
    folder = Path(given) if given else tmp_path_factory.mktemp("news-home")
    done = venturi(folder, "environments", "build", ".", "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)["python"]


class Place:
    """A home and a copy of the project of one test alone, so that what runs write is its own."""

    def __init__(self, folder: Path, environments: Path, python: str) -> None:
        self.home, self.project, self.python = folder / "home", folder / "news", python
        self.home.mkdir()
        (self.home / "environments").symlink_to(environments)
        shutil.copytree(PIPELINE, self.project, ignore=shutil.ignore_patterns("data", "__pycache__"))

    def run(self, *arguments: str, **variables: str) -> dict[str, object]:
        done = venturi(self.home, "run", "dags/news_classifier.py", *arguments, "--json", cwd=self.project, **variables)
        found = json.loads(done.stdout)
        assert "state" in found, done.stdout
        self.logs = self.home / "logs" / "financial_news" / found["run_id"]
        self.tasks = {task["task_id"]: task for task in found["tasks"]}
        return found["state"]

    def log(self, task: str) -> str:
        return (self.logs / task / "1.log").read_text()

    def articles(self, day: str) -> list[dict[str, str]]:
        by_topic = json.loads((self.project / "data" / f"predict/result__{day}.json").read_text())
        return [article for topic in by_topic.values() for article in topic]


@pytest.fixture
def place(tmp_path, built):
    return Place(tmp_path, built[0] / "environments", built[1])


@pytest.mark.slow
def test_its_own_tests_pass(built):
    _, python = built
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], cwd=PIPELINE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.slow
def test_a_run_files_the_articles_and_a_run_for_a_day_long_past_has_that_days(place):
    # S4.29, S4.u2, S4.u5, S4.u6, S4.u8
    for day, before in (("2026-03-05", "2026-03-04"), ("2025-01-02", "2025-01-01")):
        assert place.run("--date", f"{day}T00:00:00+00:00") == "success"
        assert "stands for the image 'data-loader:latest'" in place.log("news_load")
        assert "The model is " in place.log("news_label")
        for file in (f"raw/data__{day}.csv", f"predict/labels__{day}.json", f"predict/result__{day}.json"):
            assert (place.project / "data" / file).is_file()
        judged = subprocess.run([place.python, "verify.py"], cwd=place.project, capture_output=True, text=True)
        assert judged.returncode == 0, judged.stdout
        assert len(place.articles(day)) > 70
        assert {article["published"][:10] for article in place.articles(day)} == {before}


@pytest.mark.slow
def test_a_backfill_files_for_each_day_what_was_published_on_it(place):
    # S4.u6: many days at once, long after they were.
    venturi(place.home, "up", "-D", "--port", "0", "--dags", str(place.project), cwd=place.project)
    try:
        give_up_at = time.monotonic() + LIMIT_S
        while "financial_news" not in venturi(place.home, "ls", cwd=place.project).stdout:
            assert time.monotonic() < give_up_at
            time.sleep(0.2)
        given = ["--from", "2025-01-01", "--to", "2025-01-04", "--ignore-pause", "--max-active", "2"]
        done = venturi(place.home, "backfill", "financial_news", *given, "--wait", "--json", cwd=place.project)
    finally:
        venturi(place.home, "down", cwd=place.project)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"success": 4, "left out": 0}
    for day in ("2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"):
        assert len(place.articles(day)) > 70
        assert {article["published"][:10] for article in place.articles(day)} == {day}


@pytest.mark.slow
def test_feeds_that_are_down_fail_the_run_after_a_retry_and_leave_nothing(place):
    assert place.run(AIRFLOW_VAR_NEWS_FEEDS="http://127.0.0.1:9/a") == "failed"
    assert (place.tasks["news_load"]["state"], place.tasks["news_load"]["try"]) == ("failed", 2)
    assert place.tasks["news_label"]["state"] == "upstream_failed"
    assert "None of the 1 feeds can be read, nothing is written." in place.log("news_load")
    assert not [file for file in (place.project / "data").rglob("*") if file.is_file()]


@pytest.mark.slow
def test_too_little_memory_fails_the_task_in_one_sentence(place):
    # S4.17: less than Python with PyTorch takes, so that nothing of ours can speak first.
    assert place.run(VENTURI_TASK_MEMORY_LIMIT_MB="150", VENTURI_PARSE_MEMORY_LIMIT_MB="4096") == "failed"
    assert place.tasks["news_label"]["state"] == "failed"
    assert not (place.project / "data" / "predict").exists()
    assert "the signal SIGKILL ended it. Too little memory is a likely cause." in place.log("news_label")
    assert "During handling" not in place.log("news_label")
