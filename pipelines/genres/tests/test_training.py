"""The seed's command line, on few songs."""

import json
import shlex

import pytest
from genre_classification import audio, features

from tests.conftest import sentence

SEEDS_COMMAND = (
    "train-using-image-features --model resnet18 --criterion cross_entropy --optimizer sdg "
    "--checkpoints_path checkpoints --images_path Data/images_original"
)


@pytest.fixture
def images(tmp_path):
    audio.make_songs(tmp_path / "songs", 12, seed=3)
    features.make_images(tmp_path / "songs", tmp_path / "Data" / "images_original")
    return tmp_path / "Data" / "images_original"


def test_the_seeds_command_trains_and_says_which_optimizer_is_meant(command, images, tmp_path):
    done = command(*shlex.split(SEEDS_COMMAND), "--num_epoch", "1")
    assert done.returncode == 0, done.stderr
    assert "SGD is meant" in done.stdout
    assert {"accuracy", "precision", "recall", "fscore"} <= set(json.loads((tmp_path / "metrics.json").read_text()))
    there = sorted(one.name for one in (tmp_path / "checkpoints").iterdir())
    assert there == ["resnet18_checkpoint.pt", "resnet18_reference.json"]
    watched = command(
        *shlex.split("watch --model resnet18 --checkpoints_path checkpoints --report reports/drift.json"),
        *("--images_path", images),
    )
    assert "accuracy on 48 new images" in watched.stdout


def test_without_images_nothing_is_trained(command):
    said = sentence(command(*shlex.split(SEEDS_COMMAND)))
    assert said == "There are no images in Data/images_original. Make them with: create-image-features-from-audio"


@pytest.mark.usefixtures("images")
def test_a_checkpoints_folder_that_cannot_be_written_is_told_before_the_training(command, tmp_path):
    (tmp_path / "checkpoints").write_text("a file is in the way")
    done = command(*shlex.split(SEEDS_COMMAND))
    assert sentence(done).startswith("The checkpoints folder checkpoints cannot be written to (")
    assert "epoch" not in done.stdout
    assert not (tmp_path / "metrics.json").exists()


def test_an_image_that_is_none_is_one_sentence(command, images):
    (images / "waltz" / "waltz.00000.0.png").write_text("no picture")
    assert "waltz.00000.0.png cannot be read" in sentence(command(*shlex.split(SEEDS_COMMAND)))


def test_a_model_that_is_not_there_is_one_sentence(command, images):
    given = shlex.split("evaluate --model resnet18 --checkpoints_path checkpoints --run r --report r.json")
    said = sentence(command(*given, "--images_path", images))
    assert said.startswith("There is no model checkpoints/resnet18_checkpoint.pt.")
