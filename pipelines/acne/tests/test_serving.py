"""The API and the app as their users meet them: a server on a free port, and every page of the app."""

import os
import socket
import stat
import sys
import threading
from pathlib import Path

import httpx
import pytest
import uvicorn
from streamlit.testing.v1 import AppTest

from scraper.drawing import draw, jpeg
from scraper.local_site import local_site

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "api"))


@pytest.fixture(scope="module")
def api():
    """`uvicorn main:app`, in the folder api."""
    import main

    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(main.app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [ours]})
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{ours.getsockname()[1]}", timeout=60) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture
def venturi(tmp_path, monkeypatch):
    """A command that writes down what it is asked, and answers as told."""
    place = tmp_path / "venturi"

    def answering(out="{}", status=0):
        place.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/asked\necho '{out}'\nexit {status}\n")
        place.chmod(place.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("VENTURI_COMMAND", str(place))
        return lambda: (tmp_path / "asked").read_text().splitlines()

    return answering


# ── the API ──


def test_the_documentation_names_the_seeds_endpoints(api):
    # S2.29 to S2.31, S2.33, S2.35, S2.u8
    assert 'src="/swagger-ui/swagger-ui-bundle.js"' in api.get("/docs").text
    assert api.get("/swagger-ui/swagger-ui-bundle.js").status_code == 200
    paths = api.get("/openapi.json").json()["paths"]
    assert {"get"} == set(paths["/predict/{img_url}"])
    assert {"post"} == set(paths["/pipeline/start"]) == set(paths["/pipeline/config"]) == set(paths["/servers/start"])


def test_it_predicts_a_picture_at_an_address(api, trained, monkeypatch):
    monkeypatch.setenv("ACNE_IMAGE_HOSTS", "127.0.0.1")
    with local_site() as site:
        said = api.get(f"/predict/{site}/pictures/Rosacea/rosacea-3.jpg")
        page = api.get(f"/predict/{site}/pictures/Rosacea/rosacea-html.jpg")
        gone = api.get(f"/predict/{site}/pictures/Rosacea/rosacea-gone.jpg")
    assert said.status_code == 200, said.text
    scores = {score["label"]: score["score"] for score in said.json()["scores"]}
    assert said.json()["confidence"] == max(scores.values()) == scores[said.json()["label"]]
    assert sum(scores.values()) == pytest.approx(1, abs=0.01)
    assert (page.status_code, gone.status_code) == (422, 502)
    assert "is not a picture but text/html" in page.json()["detail"]


def test_it_predicts_an_upload_and_refuses_what_is_no_picture(api, trained):
    said = api.post("/predict", files={"picture": ("one.png", jpeg(draw("Rosacea", "x")))})
    assert said.status_code == 200, said.text
    said = api.post("/predict", files={"picture": ("notes.txt", b"hello")})
    assert said.status_code == 422
    assert said.json()["detail"].startswith("notes.txt is not a picture")


def test_it_opens_no_file_outside_of_the_data_and_no_address_inside_the_network(api, trained, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(jpeg(draw("Rosacea", "1")))
    for path in (f"/predict/{tmp_path}/secret.jpg", "/predict/..%2f..%2frequirements.txt", "/predict/requirements.txt"):
        assert api.get(path).status_code in (403, 404, 422)
    assert "is not below the data folder" in api.get(f"/predict/{tmp_path}/secret.jpg").json()["detail"]
    assert "inside this network" in api.get("/predict/http://127.0.0.1:9/x.jpg").json()["detail"]
    inside = next(trained.rglob("Rosacea/*.jpg")).relative_to(trained)
    assert api.get(f"/predict/{inside}").status_code == 200


def test_without_a_model_it_says_so(api):
    said = api.post("/predict", files={"picture": ("one.jpg", jpeg(draw("Rosacea", "1")))})
    assert said.status_code == 503
    assert said.json()["detail"].startswith("There is no model yet")


def test_it_starts_servers_and_pipeline_by_venturis_verbs(api, venturi, monkeypatch):
    # S2.29, S2.30
    monkeypatch.delenv("VENTURI_PORT", raising=False)
    asked = venturi('{"run_id": "manual__1"}')
    assert api.post("/pipeline/start").json() == {"run_id": "manual__1"}
    assert api.post("/pipeline/start", json={"epochs": 3}).status_code == 200
    assert api.post("/servers/start").status_code == 200
    assert api.post("/pipeline/config", json={"bucket": "mine"}).json()["set"] == {"bucket": "mine"}
    assert api.get("/pipeline/status").status_code == 200
    assert asked() == [
        "trigger CNN-Training-Pipeline --unpause --json",
        'trigger CNN-Training-Pipeline --unpause --conf {"epochs": 3} --json',
        f"up -D --dags {PROJECT} --port 8080 --json",
        "variables set acne_bucket mine --json",
        f"up -D --dags {PROJECT} --port 8080 --json",
        "status CNN-Training-Pipeline --json",
    ]


def test_what_venturi_refuses_is_passed_on(api, venturi, monkeypatch):
    venturi('{"error": {"message": "No engine answers."}}', 2)
    assert (api.post("/pipeline/start").status_code, api.post("/pipeline/start").json()) == (
        503,
        {"detail": "No engine answers."},
    )
    monkeypatch.delenv("VENTURI_COMMAND")
    monkeypatch.setenv("PATH", os.devnull)
    assert "There is no command `venturi`" in api.post("/pipeline/start").json()["detail"]


# ── the app ──


def page(name=None):
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    app.run()
    if name:
        app.radio(key="page").set_value(name).run()
    assert not app.exception
    return app


def test_the_app_has_the_seeds_pages(trained):
    # S2.u9, S2.6, S2.34
    app = page()
    assert app.radio(key="page").options == ["Home", "Built-In Examples", "Upload your custom Image"]
    assert [metric.label for metric in app.metric] == ["Named right", "By guessing", "Size", "Tested on"]
    assert app.dataframe[0].value["model"].tolist() == ["20260101T000000"]


def test_the_examples_show_pictures_with_what_the_model_says(trained):
    app = page("Built-In Examples")
    assert len([m for m in app.markdown if "✓" in m.value or "✗" in m.value]) >= 10
    app.selectbox(key="kind").set_value("Rosacea").run()
    assert [m.value for m in app.markdown if m.value.startswith("#####")] == ["##### Rosacea"]


def test_an_upload_is_named_and_what_is_no_picture_is_refused(trained):
    app = page("Upload your custom Image")
    app.file_uploader(key="upload").upload("one.jpg", jpeg(draw("Rosacea", "up")), "image/jpeg").run()
    assert not app.exception
    assert app.metric[0].label == "Most likely"
    app.file_uploader(key="upload").set_value([]).upload("notes.txt", b"hello", "text/plain").run()
    assert app.error[0].value.startswith("notes.txt is not a picture")


def test_the_app_without_a_model_says_what_to_do_first():
    for name in (None, "Built-In Examples", "Upload your custom Image"):
        assert "There is no model yet" in page(name).info[0].value


def test_the_apps_buttons_ask_venturi(trained, venturi):
    venturi('{"run_id": "manual__2", "state": "running"}')
    app = page()
    app.button(key="train").click().run()
    assert app.success[0].value == "Started manual__2."
    venturi('{"error": {"message": "No engine answers."}}', 2)
    app.button(key="status").click().run()
    assert app.error[0].value == "No engine answers."
