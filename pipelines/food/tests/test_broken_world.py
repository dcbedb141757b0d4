"""What is missing or broken outside is told in one sentence, and leaves nothing half-written."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from build_dataset import build_dataset
from extract_features import extract_features
from food import pictures
from food.bucket import opened
from food.config import FoodError, NotNow, run_folder, source_of_connection, source_of_environment
from predict import predict
from train import train

HERE = Path(__file__).parent.parent
RUN = "test/one"
PUBLIC = {"ACL": "public-read"}


def put(s3, count=8, broken=0):
    for i, one in enumerate(list(pictures.named(60))[10 : 10 + count]):
        data = pictures.jpeg(one)
        s3.put_object(Bucket="theirs", Key=f"Food-5K/{one.name}", Body=data[:90] if i < broken else data, **PUBLIC)


def failed(kind=FoodError, set_name="imgs_str_0", **more) -> str:
    with pytest.raises(kind) as caught:
        build_dataset(RUN, set_name, source_of_environment(), **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def nothing_is_left(data) -> bool:
    return not [file for file in data.rglob("*") if file.is_file() and "bucket" not in str(file.relative_to(data))]


def test_names_are_told_page_by_page_and_all_are_got(s3, monkeypatch, capsys):
    """S1.u11"""
    put(s3, 12)
    monkeypatch.setenv("FOOD_PAGE", "5")
    with opened(source_of_environment()) as bucket:
        assert len(bucket.labelled()) == 12
    assert "12 names under Food-5K/ in 3 pages" in capsys.readouterr().out


def test_a_public_bucket_is_read_without_any_credentials(s3, data, monkeypatch, capsys):
    """S1.9"""
    put(s3)
    monkeypatch.setenv("FOOD_SETS", "1")
    build_dataset(RUN, "imgs_str_0", source_of_environment())
    assert len(list((data / RUN / "images" / "imgs_str_0").iterdir())) == 8
    assert "Reading s3://theirs/Food-5K" in capsys.readouterr().out


def test_a_connection_says_where_and_with_which_keys(s3, capsys):
    """S1.3"""
    s3.put_object(Bucket="theirs", Key="mine/training/1_1.jpg", Body=b"x")  # private

    class Connection:
        conn_id, login, password = "food_images", "me", "secret"
        extra_dejson = {"bucket": "theirs", "prefix": "mine", "endpoint_url": os.environ["FOOD_ENDPOINT"]}  # noqa: RUF012

    with opened(source_of_connection(Connection)) as bucket:
        assert bucket.get(bucket.labelled()[0]) == b"x"
    assert "(signed)" in capsys.readouterr().out
    assert "secret" not in str(source_of_connection(Connection))


def test_s3_that_does_not_answer_is_worth_another_try(data, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("FOOD_ENDPOINT", address)
        monkeypatch.setenv("FOOD_BUCKET", "theirs")
        assert failed(NotNow).startswith(f"{address} does not answer (EndpointConnectionError)")
    assert nothing_is_left(data)


def test_a_bucket_that_is_not_there_is_named(s3, data, monkeypatch):
    monkeypatch.setenv("FOOD_BUCKET", "nobodys")
    assert failed().startswith("There is no bucket nobodys (s3://nobodys/Food-5K at http://")
    assert nothing_is_left(data)


def test_a_picture_that_is_private_says_what_to_set(s3, data, monkeypatch):
    monkeypatch.setenv("FOOD_SETS", "1")
    s3.put_object(Bucket="theirs", Key="Food-5K/training/1_1.jpg", Body=b"x")
    assert "may not be read by anybody: set FOOD_SIGNED=1 and credentials" in failed()
    assert nothing_is_left(data)


def test_to_sign_without_credentials_is_told(s3, monkeypatch):
    monkeypatch.setenv("FOOD_SIGNED", "1")
    assert "there are no credentials in the environment" in failed()


def test_a_prefix_with_nothing_below_it_is_told(s3):
    assert failed() == "There is no picture under s3://theirs/Food-5K/: see FOOD_PREFIX."


def test_a_set_without_a_picture_is_told(s3, data, monkeypatch):
    put(s3, 1)
    monkeypatch.setenv("FOOD_SETS", "50")
    said = {failed(set_name=f"imgs_str_{i}") for i in range(2)}
    assert any("holds no picture: 1 are too few for 50 sets" in one for one in said)
    assert nothing_is_left(data)


def test_a_set_of_which_too_much_is_broken_is_not_kept(s3, data, monkeypatch):
    put(s3, 8, broken=3)
    monkeypatch.setenv("FOOD_SETS", "1")
    assert failed().startswith("3 of 8 pictures of imgs_str_0 cannot be read, the first is Food-5K/training/")
    assert nothing_is_left(data)


def test_a_failed_second_try_leaves_what_the_first_one_made(s3, data, monkeypatch):
    put(s3)
    monkeypatch.setenv("FOOD_SETS", "1")
    build_dataset(RUN, "imgs_str_0", source_of_environment())
    put(s3, 8, broken=8)
    failed()
    assert len(list((data / RUN / "images" / "imgs_str_0").glob("*.png"))) == 8


@pytest.mark.parametrize("place", ["/proc/nowhere", "file/below"])
def test_a_folder_that_cannot_be_written_is_told(s3, tmp_path, monkeypatch, place):
    put(s3)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FOOD_DATA", str(tmp_path / place))
    monkeypatch.setenv("FOOD_SETS", "1")
    said = failed()
    assert "cannot be written (" in said
    assert said.endswith("set FOOD_DATA to a folder that can be.")


def test_a_step_whose_forerunner_is_missing_names_it(data):
    for does, missing in (
        (lambda: extract_features(RUN, "imgs_str_0"), "build_dataset.py makes it"),
        (lambda: train(RUN), "extract_features.py makes them"),
        (lambda: predict(RUN, "unknown", source_of_environment()), "train.py makes it"),
    ):
        with pytest.raises(FoodError, match=missing):
            does()


@pytest.mark.parametrize("name", ["", "..", "../else", "/tmp"])
def test_a_run_writes_nowhere_but_below_the_data_folder(name):
    with pytest.raises(FoodError, match="is no name for a run"):
        run_folder(name)


@pytest.mark.parametrize("given", [["imgs_str_9"], ["pictures"], ["imgs_str_0", "--run", ".."]])
def test_a_command_ends_with_1_and_one_line(given):
    done = subprocess.run([sys.executable, str(HERE / "build_dataset.py"), *given], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
