"""The data loader, with the feeds it has by itself and with broken ones."""

import datetime

import data_load
import local_feeds
import pandas as pd
import pytest
from click.testing import CliRunner

NOON = datetime.datetime(2026, 3, 4, 12, tzinfo=datetime.timezone.utc)
ARTICLES = [a for a in local_feeds.articles_of("northgate", NOON.date()) if a.published < NOON]
RSS = local_feeds.as_rss("One & Only", ARTICLES)
EMPTY = "<?xml version='1.0'?><rss version='2.0'><channel><title>Quiet</title></channel></rss>"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(data_load, "PAUSE_S", 0)
    monkeypatch.delenv("NEWS_FEEDS", raising=False)


def load(path, *arguments, **environment):
    return CliRunner().invoke(data_load.data_load, ["--data_path", str(path), *arguments], env=environment)


def test_the_feeds_of_this_machine_are_read_and_an_article_is_kept_once(tmp_path, caplog):
    caplog.set_level("INFO")
    done = load(tmp_path / "raw" / "data.csv", "--until", NOON.isoformat())
    assert done.exit_code == 0, done.output
    assert "No feed is named" in caplog.text
    table = pd.read_csv(tmp_path / "raw" / "data.csv", sep="\t")
    shown = {a.id: a for p in local_feeds.PUBLISHERS for a in local_feeds.feed_of(p, NOON)}
    assert set(table["id"]) == set(shown)
    assert table["id"].is_unique
    assert set(table["source"]) == set(local_feeds.PUBLISHERS.values())  # RSS and Atom
    for row in table.itertuples():
        article = shown[row.id]
        assert (row.title, row.summary, row.link) == (article.title, article.summary, article.link)
        assert row.published == article.published.strftime("%Y-%m-%d %H:%M:%S")
    assert (table["published"] < "2026-03-04 12:00:00").all()


def test_named_feeds_are_read_instead(feeds, tmp_path):
    with feeds({"/a": RSS, "/b": EMPTY}) as (address, _):
        done = load(tmp_path / "data.csv", NEWS_FEEDS=f"{address}/a, {address}/b")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "data.csv", sep="\t")
    assert len(table) == len(ARTICLES)
    assert set(table["source"]) == {"One & Only"}


def test_text_is_freed_of_markup_and_of_the_escapes_that_the_parser_leaves():
    assert data_load._text("Profit &amp; <b>loss</b>\n at&#39;s") == "Profit & loss at's"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (503, "it answers 503"),
        (404, "it answers 404"),
        ("<html><body>Please sign in</body></html>", "is no RSS and no Atom feed"),
        ("not at all", "is no RSS and no Atom feed"),
        ('{"a": 1}', "is no RSS and no Atom feed"),
    ],
)
def test_one_broken_feed_is_told_and_the_others_go_on(feeds, tmp_path, caplog, answer, said):
    with feeds({"/good": RSS, "/bad": answer}) as (address, _):
        done = load(tmp_path / "data.csv", "--feeds", f"{address}/bad {address}/good")
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(tmp_path / "data.csv", sep="\t")) == len(ARTICLES)
    (told,) = [r.message for r in caplog.records if "Left out, the other feeds go on" in r.message]
    assert f"{address}/bad: " in told
    assert said in told


def test_a_feed_that_is_down_for_a_moment_is_asked_again_and_a_missing_one_is_not(feeds, tmp_path):
    with feeds({"/down": 503, "/gone": 404}) as (address, asked):
        done = load(tmp_path / "data.csv", "--feeds", f"{address}/down {address}/gone")
    assert done.exit_code == 1
    assert asked == ["/down", "/down", "/gone"]


def test_when_no_feed_can_be_read_one_sentence_says_so_and_what_was_there_stays(tmp_path):
    (tmp_path / "data.csv").write_text("of yesterday")
    done = load(tmp_path / "data.csv", "--feeds", "http://127.0.0.1:9/a not-an-address")
    assert done.exit_code == 1
    assert done.output.startswith("Error: None of the 2 feeds can be read, nothing is written. http://127.0.0.1:9/a:")
    assert done.output.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["data.csv"]
    assert (tmp_path / "data.csv").read_text() == "of yesterday"


def test_a_feed_without_articles_gives_an_empty_table_and_a_word(feeds, tmp_path, caplog):
    with feeds({"/a": EMPTY}) as (address, _):
        assert load(tmp_path / "data.csv", "--feeds", f"{address}/a").exit_code == 0
    assert "is a feed without articles" in caplog.text
    assert (tmp_path / "data.csv").read_text().strip().split("\t") == data_load.COLUMNS


def test_a_table_may_go_into_an_object_store():
    # memory:// stands for s3://: fsspec serves both.
    import fsspec

    assert load("memory://bucket/data.csv", "--until", NOON.isoformat()).exit_code == 0
    with fsspec.open("memory://bucket/data.csv") as file:
        assert file.read().decode().startswith("id\t")


def test_a_moment_that_is_none_is_refused(tmp_path):
    assert "is no moment" in load(tmp_path / "data.csv", "--until", "yesterday").output
