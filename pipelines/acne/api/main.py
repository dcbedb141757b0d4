"""The pipeline over HTTP: start the servers, start a training, ask the model.

cd api
uvicorn main:app --reload        then http://127.0.0.1:8000/docs
"""

import ipaddress
import json
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # it is started in its own folder

import requests
from fastapi import FastAPI, File, HTTPException, Request, UploadFile
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from swagger_ui_bundle import swagger_ui_path

import venturi_verbs
from img_processing.pictures import NotAPicture, open_picture
from predict import classifier
from settings import PROJECT, PipelineError, data, model_folders

PICTURE_BYTES_MAX, TIMEOUT_S = 10_000_000, 20

app = FastAPI(
    title="Acne type classification",
    version="1.0",
    description=(
        "Trains a MobileNet on scraped pictures of acne and rosacea, and names what is on yours.\n\n"
        "**Not a medical device.** As it comes, the model has seen drawings alone."
    ),
    docs_url=None,  # ours is below
    openapi_tags=[
        {"name": "inference", "description": "What is on a picture, and how sure the model is."},
        {"name": "pipeline", "description": "The DAG `CNN-Training-Pipeline`, by way of `venturi`."},
    ],
)


# FastAPI's own page of documentation fetches its script from the internet; this one is served whole.
app.openapi_version = "3.0.2"  # what the script reads
app.mount("/swagger-ui", StaticFiles(directory=swagger_ui_path), name="swagger-ui")


class Score(BaseModel):
    label: str = Field(examples=["Rosacea"])
    score: float = Field(examples=[0.93], description="between 0 and 1; all scores add up to 1")


class Prediction(BaseModel):
    label: str = Field(examples=["Rosacea"], description="the most likely one")
    confidence: float = Field(examples=[0.93])
    scores: list[Score]
    model: str = Field(examples=["20261120T201844"], description="which model said so")


class Settings(BaseModel):
    site: str | None = Field(None, examples=["https://gallery.example"], description="what is scraped")
    bucket: str | None = Field(None, examples=["acne-models"], description="where models are uploaded to")


class Training(BaseModel):
    epochs: int = Field(12, ge=1, le=500)


@app.exception_handler(NotAPicture)
def not_a_picture(request: Request, problem: NotAPicture):
    return JSONResponse({"detail": str(problem)}, 422)


@app.exception_handler(PipelineError)
def unavailable(request: Request, problem: PipelineError):
    return JSONResponse({"detail": str(problem)}, 503)


@app.get("/docs", include_in_schema=False)
def docs():
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=app.title,
        swagger_js_url="/swagger-ui/swagger-ui-bundle.js",
        swagger_css_url="/swagger-ui/swagger-ui.css",
        swagger_favicon_url="/swagger-ui/favicon-32x32.png",
    )


@app.get("/", include_in_schema=False)
def front():
    return RedirectResponse("/docs")


@app.get("/predict/{img_url:path}", tags=["inference"], summary="Name what is on the picture at an address")
def predict(img_url: str, request: Request) -> Prediction:
    """`img_url`: the address of a picture (`https://…`), or its path below this project's `data/` folder."""
    if img_url.startswith(("http:/", "https:/")):
        address = img_url.replace(":/", "://", 1) if "://" not in img_url else img_url  # proxies join slashes
        return _said(_download(f"{address}?{request.url.query}" if request.url.query else address), address)
    return _said(_below_data(img_url), img_url)


@app.post("/predict", tags=["inference"], summary="Name what is on a picture that you send")
def predict_upload(picture: UploadFile = File(json_schema_extra={"format": "binary"})) -> Prediction:
    return _said(picture.file.read(PICTURE_BYTES_MAX), picture.filename or "the upload")


@app.get("/models", tags=["inference"], summary="All models, with how good and how large they are")
def models() -> list[dict]:
    return [json.loads((folder / "metrics.json").read_text()) for folder in reversed(model_folders())]


@app.post("/servers/start", tags=["pipeline"], summary="Start Venturi: engine, web and crew")
def start_servers() -> dict:
    return venturi_verbs.start_servers()


@app.post("/pipeline/start", tags=["pipeline"], summary="Start a training")
def start_pipeline(training: Training | None = None) -> dict:
    return venturi_verbs.start_pipeline(training.model_dump() if training else None)


@app.post("/pipeline/config", tags=["pipeline"], summary="Set what is scraped and where models go; start the servers")
def config(settings: Settings | None = None) -> dict:
    wanted = settings.model_dump(exclude_none=True) if settings else {}
    for name, value in wanted.items():
        venturi_verbs.configure(f"acne_{name}", value)
    return {"set": wanted, "servers": venturi_verbs.start_servers()}


@app.get("/pipeline/status", tags=["pipeline"], summary="How the newest training is doing")
def status() -> dict:
    return venturi_verbs.status()


def _said(content: bytes | Path, called: str) -> Prediction:
    picture = open_picture(content, called)
    model = classifier()
    scores = model.predict(picture)
    label, confidence = scores[0]
    told = [Score(label=name, score=round(score, 4)) for name, score in scores]
    return Prediction(label=label, confidence=round(confidence, 4), scores=told, model=model.stamp)


def _below_data(path: str) -> Path:
    """Nothing else of this machine is opened for whoever asks."""
    for root in (data(), PROJECT):
        place = (root / path).resolve()
        if place.is_relative_to(data().resolve()):
            return place
    raise HTTPException(403, f"{path} is not below the data folder of this project.")


def _download(address: str) -> bytes:
    _refuse_private(address)
    try:
        with requests.get(address, timeout=TIMEOUT_S, stream=True, allow_redirects=False) as answer:
            content_type = answer.headers.get("Content-Type", "").partition(";")[0]
            if answer.status_code != 200:
                raise HTTPException(502, f"{address} answered {answer.status_code}.")
            if not content_type.startswith("image/"):
                raise HTTPException(422, f"{address} is not a picture but {content_type or 'of no type'}.")
            content = answer.raw.read(PICTURE_BYTES_MAX + 1, decode_content=True)
    except requests.RequestException as error:
        raise HTTPException(502, f"{address} does not answer ({type(error).__name__}).") from None
    if len(content) > PICTURE_BYTES_MAX:
        raise HTTPException(413, f"{address} is larger than {PICTURE_BYTES_MAX:,} bytes.")
    return content


def _refuse_private(address: str) -> None:
    """Addresses inside this network are not fetched for others, unless ACNE_IMAGE_HOSTS names the host."""
    host = urlsplit(address).hostname or ""
    if host in os.environ.get("ACNE_IMAGE_HOSTS", "").split(","):
        return
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:
        raise HTTPException(502, f"There is no host {host!r}.") from None
    if not all(ipaddress.ip_address(one.partition("%")[0]).is_global for one in found):
        raise HTTPException(403, f"{host} is inside this network: to allow it, add it to ACNE_IMAGE_HOSTS.")
