"""Where this project keeps its things, and how it says that something is wrong.

Everything is read when it is asked for, so that an environment variable set later still counts.
"""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent

DAG_ID = "CNN-Training-Pipeline"
GALLERY = "Acne-and-Rosacea-Photos"  # DermNet's name for what is scraped
PICTURES_MIN = 15  # a class with fewer pictures is left out
PIXELS = 64  # the model sees squares of this size
GRAPH, LABELS, METRICS = "retrained_graph_v2.keras", "retrained_labels.txt", "metrics.json"


class PipelineError(Exception):
    """One sentence for whoever reads the log: what is wrong, and what to do."""


def data():
    return Path(os.environ.get("ACNE_DATA") or PROJECT / "data")


def scraped(site_name):
    return data() / site_name / f"ScrapedData-{GALLERY}"


def dataset(stamp):
    return data() / "datasets" / stamp


def models():
    return data() / "models"


def current_model():
    """The folder of the model in use."""
    link = models() / "current"
    if not (link / METRICS).is_file():
        raise PipelineError("There is no model yet: run the pipeline first (venturi run dags/train_model.py).")
    return link.resolve()


def model_folders():
    """All models, oldest first."""
    if not models().is_dir():
        return []
    return sorted(f for f in models().iterdir() if f.is_dir() and not f.is_symlink() and (f / METRICS).is_file())


@contextmanager
def writing(place):
    """Yields a name beside `place` to write to; it becomes `place` when all went well, and nothing at all otherwise.

    A folder that is there already is replaced.
    """
    draft = place.with_name(f".{place.name}.draft")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove(draft)
        yield draft
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        os.replace(draft, place)
    except OSError as error:
        remove(draft)
        what = error.strerror or error
        raise PipelineError(f"{place} could not be written ({what}); nothing half-written was left.") from error
    except BaseException:
        remove(draft)
        raise


def remove(place):
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
