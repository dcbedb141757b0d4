"""Training, the files it leaves, and S3: a real server on this machine, and one that is missing, closed or denied."""

import json
import shutil

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

import predict
import train
from img_processing import pretrained
from img_processing.pictures import NotAPicture, open_picture
from s3_uploader import upload_models as uploading
from s3_uploader.local_s3 import local_s3
from s3_uploader.upload_models import bucket_name, upload_models
from scraper.drawing import draw, jpeg
from scraper.local_site import Gallery, local_site
from settings import GRAPH, LABELS, METRICS, PipelineError, current_model, writing

STAMP = "20260101T000000"


def test_a_model_is_a_graph_its_labels_and_its_figures(trained):
    # S2.7, S2.10: its size is known
    folder = current_model()
    figures = json.loads((folder / METRICS).read_text())
    assert (folder / LABELS).read_text().split() == figures["labels"]
    assert figures["size_bytes"] == (folder / GRAPH).stat().st_size < 500_000
    assert figures["between"][0] <= figures["accuracy"] <= figures["between"][1]
    assert not list(folder.parent.glob(".*"))


def test_a_model_that_only_guesses_fails_and_the_one_before_it_stays(trained, monkeypatch):
    # S2.u4
    monkeypatch.setattr(train, "MARGIN", 0.9)
    with pytest.raises(PipelineError, match="The training has failed: .* The model in use stays"):
        train.train_model(trained / "datasets" / STAMP, "20270101T000000", epochs=1)
    assert current_model().name == STAMP
    assert [folder.name for folder in (trained / "models").iterdir() if folder.name != "current"] == [STAMP]


def test_training_without_a_data_set_is_one_sentence(data):
    with pytest.raises(PipelineError, match="run the task Cleanup first"):
        train.train_model(data / "datasets" / "none", "none")


def test_a_training_by_hand_that_fails_has_exit_code_one(tmp_path):
    import subprocess
    import sys

    done = subprocess.run([sys.executable, train.__file__, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "run the task Cleanup first" in done.stderr


def test_a_disk_that_is_full_leaves_no_model(trained, monkeypatch, tmp_path):
    model = predict.Classifier(current_model())

    def full(self, place, **_):
        place.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("ACNE_DATA", str(tmp_path / "full"))
    monkeypatch.setattr(train.keras.Model, "save", full)
    with pytest.raises(PipelineError, match="could not be written .No space left on device.; nothing half-written"):
        train.keep(model._model, model.labels, {**model.figures, "stamp": "new"})
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    place = tmp_path / "folder"
    with writing(place) as draft:
        draft.mkdir()
        (draft / "old").touch()
    with pytest.raises(KeyError), writing(place) as draft:
        draft.mkdir()
        raise KeyError
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "old"]
    with writing(place) as draft:
        draft.mkdir()
        (draft / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]


# ── weights that others have trained ──


def weights_site(answer):
    class Weights(Gallery):
        def _answer(self, asked):
            return answer

    return local_site(Weights)


def test_weights_that_cannot_be_had_are_said_and_the_training_starts_from_scratch(monkeypatch, data):
    for address, why in (
        ("http://127.0.0.1:9", "does not answer: ConnectionError"),
        (str(data / "none.h5"), "there is no such file"),
    ):
        monkeypatch.setenv("ACNE_WEIGHTS", address)
        file, said = pretrained.pretrained_weights(0.25)
        assert file is None
        assert said.startswith("From scratch:")
        assert why in said
    for answer, why in (
        ((404, "text/html", b""), "answered 404"),
        ((200, "text/html", b"<html>"), "sent something else"),
    ):
        with weights_site(answer) as address:
            monkeypatch.setenv("ACNE_WEIGHTS", str(address))
            assert why in pretrained.pretrained_weights(0.25)[1]
    assert not data.exists()


def test_weights_that_can_be_had_are_fetched_once_and_used(monkeypatch, data, tmp_path):
    from keras.src.legacy.saving import legacy_h5_format

    trunk = train.keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3), include_top=False, alpha=0.25)
    import h5py

    with h5py.File(tmp_path / "made.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, trunk)
    with weights_site((200, "application/octet-stream", (tmp_path / "made.h5").read_bytes())) as address:
        monkeypatch.setenv("ACNE_WEIGHTS", str(address))
        file, said = pretrained.pretrained_weights(0.25)
        assert pretrained.pretrained_weights(0.25) == (file, said)
        assert len(address.asked) == 1
    model, said = train.build(5, file, said)
    assert said == "From weights trained on ImageNet."
    assert (model.get_layer("conv1").get_weights()[0] == trunk.get_layer("conv1").get_weights()[0]).all()


def test_weights_of_something_else_are_said(tmp_path, capsys):
    (tmp_path / "other.h5").write_bytes(pretrained.HDF5 + b"nonsense")
    _, said = train.build(5, str(tmp_path / "other.h5"), "")
    assert "does not hold weights of this network" in said


# ── S3 ──


def test_uploads_carry_the_models_time_and_versions_are_kept_on_disk(trained, capsys):
    # S2.10, S2.17, S2.u6
    shutil.rmtree(trained / "s3", ignore_errors=True)
    assert upload_models() == f"s3://{bucket_name}/model/{STAMP}_{GRAPH}"
    said = capsys.readouterr().out
    assert "a stand-in here is used" in said
    assert f"model/{STAMP}_{GRAPH}: 0." in said
    assert " MB, version " in said
    upload_models(after_training=STAMP)
    assert capsys.readouterr().out.count("there already") == 3
    with local_s3(bucket_name) as s3:
        s3.put_object(Bucket=bucket_name, Key="model/latest.json", Body=b"{}")
    with local_s3(bucket_name) as s3:
        versions = s3.list_object_versions(Bucket=bucket_name, Prefix="model/latest.json")["Versions"]
    assert len(versions) == 2
    kept = {str(path.relative_to(trained / "s3" / bucket_name)) for path in (trained / "s3" / bucket_name).rglob("*.*")}
    assert kept == {"model/latest.json", *(f"model/{STAMP}_{name}" for name in (GRAPH, LABELS, METRICS))}


def test_before_the_first_training_there_is_nothing_to_upload(capsys):
    assert upload_models() is None
    assert "There is no model yet" in capsys.readouterr().out


def test_a_training_that_left_no_model_fails_the_upload(trained):
    # S2.u4: a missing output is a failure
    with pytest.raises(PipelineError, match="The training of 20300101T000000 left no model"):
        upload_models(after_training="20300101T000000")


@pytest.fixture
def server(monkeypatch):
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    address = "http://{}:{}".format(*started.get_host_and_port())
    for name, value in {
        "ENDPOINT_URL": address,
        "ACCESS_KEY_ID": "k",
        "SECRET_ACCESS_KEY": "s",
        "DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield address
    requests.post(f"{address}/moto-api/reset-auth", data=b"inf")
    requests.post(f"{address}/moto-api/reset")
    started.stop()


def test_a_store_that_is_named_is_used(trained, server, capsys):
    boto3.client("s3").create_bucket(Bucket="mine")
    upload_models("mine")
    said = capsys.readouterr().out
    assert "S3: as the AWS environment variables say." in said
    assert "Versioning of mine is off" in said
    keys = [o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket="mine")["Contents"]]
    assert f"model/{STAMP}_{GRAPH}" in keys


def test_a_bucket_that_is_not_there_is_one_sentence(trained, server):
    with pytest.raises(PipelineError, match="There is no bucket nowhere: create it, or set bucket_name"):
        upload_models("nowhere")


def test_a_key_that_may_not_is_one_sentence(trained, server):
    boto3.client("s3").create_bucket(Bucket="mine")
    requests.post(f"{server}/moto-api/reset-auth", data=b"0")
    with pytest.raises(PipelineError, match="S3 denies access to the bucket mine"):
        upload_models("mine")


def test_a_store_that_does_not_answer_is_one_sentence(trained, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with pytest.raises(PipelineError, match="S3 cannot be reached, after four attempts"):
        upload_models("mine")


def test_a_store_without_a_key_is_one_sentence(trained, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which remembers keys
    with pytest.raises(PipelineError, match="S3 asks who you are"):
        upload_models("mine")
    assert uploading.PATIENCE.retries["total_max_attempts"] == 4


# ── predict.py ──


def test_predict_says_every_label_with_its_score(trained, tmp_path, capsys):
    # S2.36
    (tmp_path / "one.jpg").write_bytes(jpeg(draw("Rosacea", "never seen")))
    assert predict.main([str(tmp_path / "one.jpg")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert abs(sum(float(line.split()[1].rstrip("%")) for line in lines[1:]) - 100) < 0.5


def test_predict_without_a_model_is_one_sentence(tmp_path):
    (tmp_path / "one.jpg").write_bytes(jpeg(draw("Rosacea", "1")))
    assert predict.main([str(tmp_path / "one.jpg")]).startswith("There is no model yet: run the pipeline first")


def test_predict_of_what_is_no_picture_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "half.jpg").write_bytes(jpeg(draw("Rosacea", "1"))[:800])
    for name, why in (
        ("notes.txt", "is not a picture"),
        ("half.jpg", "is broken"),
        ("none", "There is no file"),
        (".", "folder"),
    ):
        assert why in predict.main([str(tmp_path / name)])
    with pytest.raises(NotAPicture, match="too small"):
        open_picture(jpeg(draw("Rosacea", "1").resize((8, 8))), "it")
