"""The project's own tests: every part with small data, in a folder that goes away. No request leaves this machine."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["ACNE_WEIGHTS"] = "none"

import pytest


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("ACNE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="session")
def a_model(tmp_path_factory):
    """Folder of data with a model in it that was trained for two epochs, whatever it is worth."""
    import train
    from img_processing.clean_up import clean_up
    from scraper import dermnet_scrape, local_site

    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACNE_DATA", str(place))
        patch.setattr(train, "MARGIN", -1.0)
        patch.setattr(local_site, "PER_CLASS", 30)
        folder = dermnet_scrape.scrape_data()
        train.train_model(clean_up(folder, "20260101T000000"), "20260101T000000", epochs=2)
    return place


@pytest.fixture
def trained(a_model, monkeypatch):
    monkeypatch.setenv("ACNE_DATA", str(a_model))
    return a_model
