"""The steps one after the other, on a few pictures: whether they work, not how good the model is."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

from build_dataset import build_dataset
from extract_features import extract_features
from food.config import source_of_environment
from food.features import names
from predict import predict
from train import train

HERE = Path(__file__).parent.parent
RUN = "test/one"


def analyzed(run: str = RUN) -> list[Path]:
    for i in range(3):
        build_dataset(run, f"imgs_str_{i}", source_of_environment())
        extract_features(run, f"imgs_str_{i}")
    return sorted((Path(os.environ["FOOD_DATA"]) / run / "features").glob("*.csv"))


def test_each_set_has_its_own_table_and_text_file_and_together_they_hold_every_picture(data):
    tables = analyzed()
    assert [table.stem for table in tables] == ["imgs_str_0", "imgs_str_1", "imgs_str_2"]
    rows = [row for table in tables for row in csv.reader(table.open())][:]
    pictures = [row[0] for row in rows if row[0] != "picture"]
    assert len(pictures) == len(set(pictures)) == 59  # of 60, one is broken
    assert {len(row) for row in rows} == {1 + len(names())}
    reports = sorted(file.name for file in (data / RUN / "results").iterdir())
    assert reports == sorted(
        f"{step}_imgs_str_{i}.txt" for step in ("build_dataset", "extract_features") for i in range(3)
    )


def test_a_broken_picture_is_named_in_the_report_of_its_set_and_left_out(data, capsys):
    analyzed()
    told = "".join(file.read_text() for file in (data / RUN / "results").glob("build_dataset_*"))
    assert told.count("left out Food-5K/training/") == 1
    assert "is no whole picture" in capsys.readouterr().out


def test_a_model_is_built_and_unknown_pictures_get_a_class_and_a_probability(data):
    analyzed()
    train(RUN)
    card = json.loads((data / RUN / "model" / "food_model.json").read_text())
    assert card["sets"] == ["imgs_str_0", "imgs_str_1", "imgs_str_2"]
    report = predict(RUN, "unknown", source_of_environment())
    lines = [line.split("\t") for line in report.read_text().splitlines()]
    assert len(lines) == 15
    assert {line[1] for line in lines} <= {"food", "not food"}
    assert all(0.5 <= float(line[2]) <= 1 for line in lines)


def test_ranges_of_two_workers_are_reported_to_two_files(data):
    analyzed()
    train(RUN)
    first = predict(RUN, "first", source_of_environment(), 0, 10)
    second = predict(RUN, "second", source_of_environment(), 10, None)
    told = [[line.split("\t")[0] for line in report.read_text().splitlines()] for report in (first, second)]
    assert sorted(told[0] + told[1]) == [f"{i:04}" for i in range(15)]


def test_two_runs_never_meet_and_a_step_that_is_run_again_replaces_what_it_made(data):
    analyzed("test/one")
    build_dataset("test/two", "imgs_str_0", source_of_environment())
    before = sorted(p.name for p in (data / "test/one/images/imgs_str_0").iterdir())
    (data / "test/one/images/imgs_str_0/stale.png").write_bytes(b"")
    build_dataset("test/one", "imgs_str_0", source_of_environment())
    assert sorted(p.name for p in (data / "test/one/images/imgs_str_0").iterdir()) == before
    assert [p.name for p in (data / "test/two/images").iterdir()] == ["imgs_str_0"]


def test_the_local_script_runs_all_four(data):
    done = subprocess.run(
        [str(HERE / "run_full_local.sh")], env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Sorted pictures:" in done.stdout
    assert len(list(data.glob("by_hand/*/results/predict_unknown.txt"))) == 1
