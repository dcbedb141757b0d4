"""Songs and their images."""

import numpy as np
import pytest
from genre_classification import audio, features
from genre_classification.dataset import PARTS, load_images, part_of
from genre_classification.problem import Problem

from tests.conftest import sentence


def test_a_song_is_a_function_of_its_seed():
    assert np.array_equal(audio.make_song("swing", 5), audio.make_song("swing", 5))
    assert not np.array_equal(audio.make_song("swing", 5), audio.make_song("swing", 6))


def test_songs_become_images_of_their_genre(tmp_path):
    assert audio.make_songs(tmp_path / "songs", 3, seed=1) == 12
    assert features.make_images(tmp_path / "songs", tmp_path / "images") == 12
    data = load_images(tmp_path / "images")
    assert data.classes == ["ambient", "swing", "techno", "waltz"]
    assert data.pixels.shape == (12, 64, 64)
    assert 0.05 < data.pixels.std() < 0.5


def test_songs_that_are_there_are_kept(tmp_path):
    (tmp_path / "songs").mkdir()
    assert audio.make_songs(tmp_path / "songs", 3, seed=1) == 0
    assert list((tmp_path / "songs").iterdir()) == []


def test_a_longer_song_gives_several_images_and_another_rate_is_met(tmp_path):
    from scipy.io import wavfile

    (tmp_path / "songs" / "techno").mkdir(parents=True)
    song = np.tile(audio.make_song("techno", 1), 2)
    wavfile.write(tmp_path / "songs" / "techno" / "a.wav", audio.RATE_HZ, song.astype(np.float32))
    twice = np.repeat(audio.make_song("techno", 2), 2)
    wavfile.write(tmp_path / "songs" / "techno" / "b.wav", 2 * audio.RATE_HZ, np.column_stack([twice, twice]))
    assert features.make_images(tmp_path / "songs", tmp_path / "images") == 3


def test_a_songs_images_are_all_in_one_part():
    songs = [f"waltz.{number:05d}" for number in range(400)]
    counts = {part: sum(part_of(song) == part for song in songs) for part in PARTS}
    assert sum(counts.values()) == 400
    assert 200 < counts["train"] < 320
    assert 60 < counts["test"] < 140


def test_a_corrupt_song_is_one_sentence_and_nothing_is_written(command, tmp_path):
    audio.make_songs(tmp_path / "songs", 1, seed=1)
    broken = tmp_path / "songs" / "swing" / "swing.00001.wav"
    broken.write_bytes(b"RIFF, but no more")
    given = ("--path_with_audios_dir", tmp_path / "songs", "--path_to_image", tmp_path / "images")
    said = sentence(command("create-image-features-from-audio", *given))
    assert said.startswith(f"The audio file {broken} cannot be read as WAV (")
    assert said.endswith("Replace or remove it; no image has been written.")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["songs"]


def test_no_songs_are_one_sentence(tmp_path):
    with pytest.raises(Problem, match="There are no songs in"):
        features.make_images(tmp_path / "nowhere", tmp_path / "images")
