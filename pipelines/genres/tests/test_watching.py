"""Drift, history, and the alarms they raise."""

import json

import numpy as np
import pytest
from genre_classification import audio, drift, history
from genre_classification.features import spectrogram
from genre_classification.problem import Problem


def images(seed, change="none", songs=16):
    made = [audio.make_song(genre, seed * 1000 + n, change) for genre in audio.GENRES for n in range(songs)]
    return np.stack([spectrogram(song) for song in made]) / 255


@pytest.fixture(scope="module")
def reference():
    return drift.features(images(1, songs=40))


def moved(reference, seed, change):
    rows = drift.compare(reference, drift.features(images(seed, change)))
    return {row["feature"] for row in rows if row["drifted"]}


@pytest.mark.parametrize("seed", [2, 3, 4, 5, 6])
def test_new_songs_of_the_same_kind_raise_no_alarm(reference, seed):
    assert moved(reference, seed, "none") == set()


def test_what_has_drifted_is_named(reference):
    assert {"spread", "level"} <= moved(reference, 7, "muffled")
    assert "level" in moved(reference, 7, "quiet")
    assert "roughness" in moved(reference, 7, "hissing")


def test_an_alarm_says_what_and_by_how_much(reference):
    rows = drift.compare(reference, drift.features(images(7, "muffled")))
    said = drift.alarms(rows, 0.9, 0.4, 64)
    assert any(one.startswith("level has drifted: its median went from ") for one in said)
    assert said[-1] == "accuracy on 64 new songs is 0.40, 0.50 below the 0.90 of the test songs"


def test_a_few_more_errors_are_no_alarm():
    assert drift.alarms([], 0.95, 0.88, 32) == []
    assert drift.alarms([], 0.9, 0.75, 8) == []  # two of eight may be bad luck


def test_a_fall_below_earlier_runs_is_an_alarm(tmp_path):
    file = tmp_path / "metrics" / "history.jsonl"
    for run, value in enumerate([0.8, 0.9, 0.85]):
        assert history.record(file, f"run {run}", {"accuracy": value, "fscore": value}) == (run + 1, [])
    number, said = history.record(file, "run 3", {"accuracy": 0.7, "fscore": 0.8})
    assert number == 4
    assert said == ["accuracy fell to 0.70, 0.15 below 0.85, the median of the last 3 runs"]
    assert [json.loads(line)["run"] for line in file.read_text().splitlines()] == [f"run {n}" for n in range(4)]


def test_a_run_that_is_measured_again_has_one_entry(tmp_path):
    file = tmp_path / "history.jsonl"
    for _ in range(2):
        history.record(file, "the same", {"accuracy": 0.8, "fscore": 0.8})
    assert len(history.read(file)) == 1


def test_a_broken_history_is_one_sentence(tmp_path):
    (tmp_path / "history.jsonl").write_text('{"run": "a"}\nnot json\n')
    with pytest.raises(Problem, match="line 2: this is no JSON"):
        history.read(tmp_path / "history.jsonl")
