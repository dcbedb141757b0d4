"""What is kept of a day, and for whom."""

import json

import pytest
from utils import aggregate_predictions

DAY = ("2026-03-04T00:00:00+00:00", "2026-03-05T00:00:00+00:00")


def article(name, published, label):
    return {"id": name, "published": published, "title": name, "summary": "s", "label": label, "link": "https://x"}


@pytest.fixture
def aggregate(tmp_path):
    def run(*articles, window=DAY, name="result.json"):
        labels, result = tmp_path / "labels.json", tmp_path / name
        labels.write_text(json.dumps({str(n): a for n, a in enumerate(articles)}))
        told = aggregate_predictions(str(labels), str(result), *window)
        return {topic: [a["id"] for a in kept] for topic, kept in json.loads(result.read_text()).items()}, told

    return run


def test_articles_are_grouped_by_topic_the_newest_first(aggregate):
    kept, told = aggregate(
        article("a", "2026-03-04 01:00:00", "Stock"),
        article("b", "2026-03-04 02:00:00", "Crypto"),
        article("c", "2026-03-04 03:00:00", "Stock"),
    )
    assert kept == {"Stock": ["c", "a"], "Crypto": ["b"]}
    assert told["topics"] == {"Stock": 2, "Crypto": 1}


def test_the_window_is_the_runs_and_not_the_clocks(aggregate):
    # S4.u6: years later, the day's articles are still the day's.
    kept, _ = aggregate(
        article("before", "2026-03-03 23:59:59", "Stock"),
        article("first", "2026-03-04 00:00:00", "Stock"),
        article("last", "2026-03-04 23:59:59", "Stock"),
        article("after", "2026-03-05 00:00:00", "Stock"),
    )
    assert kept == {"Stock": ["last", "first"]}


def test_nothing_of_an_earlier_run_is_left_in_this_process(aggregate):
    # S4.u5
    aggregate(article("old", "2026-03-04 01:00:00", "Stock"))
    kept, _ = aggregate(article("new", "2026-03-04 01:00:00", "Crypto"), name="second.json")
    assert kept == {"Crypto": ["new"]}


def test_a_day_without_news_has_an_empty_result(aggregate, capsys):
    assert aggregate()[0] == {}
    assert "Nothing is new" in capsys.readouterr().out


def test_labels_that_are_missing_or_half_written_leave_no_result(tmp_path):
    labels, result = tmp_path / "labels.json", tmp_path / "result.json"
    with pytest.raises(FileNotFoundError, match="the task before this one writes them"):
        aggregate_predictions(str(labels), str(result), *DAY)
    labels.write_text('{"0": {"id"')
    with pytest.raises(ValueError, match="is not whole"):
        aggregate_predictions(str(labels), str(result), *DAY)
    assert not result.exists()
