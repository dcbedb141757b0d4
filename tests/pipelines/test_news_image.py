"""The image of the news loader, on a Debian made here, and the DAG with an engine that has it. Needs root and podman.

The engine and its base system are those of the `genres` image.
"""

from __future__ import annotations

import pytest

from .containers import Podman
from .test_genres_image import podman  # noqa: F401
from .test_news import PIPELINE, Place, built, place  # noqa: F401

pytestmark = pytest.mark.slow
LOADER = "data-loader:latest"


@pytest.fixture(scope="module")
def engine(podman: Podman) -> Podman:  # noqa: F811
    podman.build(LOADER, PIPELINE / "ml_pipeline" / "data_loader")
    return podman


def test_what_has_an_image_runs_in_a_container_and_the_rest_as_declared(engine: Podman, place: Place) -> None:  # noqa: F811
    # S4.9, S4.12, S4.18: the paths of the container are the project's
    assert place.run(DOCKER_HOST=engine.address) == "success"
    assert "stands for" not in place.log("news_load")
    assert "articles are in /opt/airflow/data/raw/" in place.log("news_load")
    assert "stands for the image 'model-prediction:latest'" in place.log("news_label")
    assert "is not on the engine and cannot be pulled" in place.log("news_label")
    (result,) = (place.project / "data" / "predict").glob("result__*.json")
    assert len(place.articles(result.stem.partition("__")[2])) > 60
    assert engine("ps", "--all", "--quiet") == ""  # it is gone with its success


def test_a_container_whose_feeds_are_down_fails_its_task(engine: Podman, place: Place) -> None:  # noqa: F811
    assert place.run(DOCKER_HOST=engine.address, AIRFLOW_VAR_NEWS_FEEDS="http://127.0.0.1:9/a") == "failed"
    assert (place.tasks["news_load"]["state"], place.tasks["news_load"]["try"]) == ("failed", 2)
    assert "None of the 1 feeds can be read, nothing is written." in place.log("news_load")
    assert "ended with exit code 1" in place.log("news_load")
