"""What is done with the labels once the model has spoken."""

import json
import os
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path

KEPT = ("id", "title", "summary", "link", "source", "published", "score", "model")


def aggregate_predictions(pred_data_path: str, result_data_path: str, window_start: str, window_end: str) -> dict:
    """Groups the articles by label, the newest first, and keeps those of the window; tells how many each topic got.

    The window is that of the run and not of the clock, so that a run for a day long past finds that day's articles.
    """
    labelled = _read(pred_data_path)
    start, end = _moment(window_start), _moment(window_end)
    by_topic: dict[str, list[dict]] = defaultdict(list)  # here, and not beside the function: each run has its own
    for article in sorted(labelled.values(), key=lambda a: a["published"], reverse=True):
        if start <= _moment(article["published"]) < end:
            by_topic[article["label"]].append({name: article[name] for name in KEPT if name in article})

    kept = sum(map(len, by_topic.values()))
    print(f"{kept} of {len(labelled)} articles were published between {window_start} and {window_end}.")
    if not kept:
        print("Nothing is new, so the result of this day is empty.")
    result = dict(sorted(by_topic.items(), key=lambda item: (-len(item[1]), item[0])))
    _write_whole(Path(result_data_path), json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return {"result": result_data_path, "topics": {topic: len(articles) for topic, articles in result.items()}}


def _read(path: str) -> dict[str, dict]:
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"There are no labels at {path}; the task before this one writes them.") from None
    except ValueError as error:
        raise ValueError(f"{path} is not whole ({error}); let the task before this one write it anew.") from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _write_whole(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(target)
