"""After a run: do the topics match those that the invented articles were written for, and is every file whole?"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "ml_pipeline" / "data_loader"))

from local_feeds import topics_between  # noqa: E402
from stories import STORIES  # noqa: E402

RIGHT_AT_LEAST = 0.85
ARTICLES_AT_LEAST = 60  # a day of three publishers has 81


def judged(result: Path) -> str:
    """The sentence; raises ValueError with the reason."""
    by_topic = json.loads(result.read_text("utf-8"))
    every = [(topic, article) for topic, articles in by_topic.items() for article in articles]
    if len(every) < ARTICLES_AT_LEAST:
        raise ValueError(f"{result.name} has only {len(every)} articles; the local feeds publish 81 a day.")
    ids = [article["id"] for _, article in every]
    if len(set(ids)) < len(ids):
        raise ValueError(f"{result.name} has an article twice.")
    times = sorted(datetime.fromisoformat(a["published"]).replace(tzinfo=timezone.utc) for _, a in every)
    planted = topics_between(times[0], times[-1] + timedelta(minutes=1))
    unknown = [name for name in ids if name not in planted]
    if unknown:
        raise ValueError(f"{unknown[0]} is from no local feed; this check is for the default data (no NEWS_FEEDS).")
    right = sum(planted[article["id"]] == topic for topic, article in every) / len(every)
    if right < RIGHT_AT_LEAST:
        raise ValueError(
            f"only {right:.0%} of {len(every)} articles have their planted topic, not {RIGHT_AT_LEAST:.0%}."
        )
    models = " and ".join(sorted({article["model"] for _, article in every}))
    return (
        f"{right:.1%} of {len(every)} articles have their planted topic (chance: {1 / len(STORIES):.0%}, "
        f"asked for: {RIGHT_AT_LEAST:.0%}), filed by {models}"
    )


def newest() -> Path:
    found = sorted((HERE / "data" / "predict").glob("result__*.json"), key=lambda file: file.stat().st_mtime_ns)
    if not found:
        raise ValueError("there is no result in data/predict; run the DAG financial_news first.")
    return found[-1]


def main() -> int:
    try:
        print(judged(newest()))
    except (OSError, ValueError, KeyError) as error:
        print(f"The news cannot be verified: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
