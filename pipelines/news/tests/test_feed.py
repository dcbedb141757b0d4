"""What subscribers get."""

import json
import urllib.error
import urllib.request
from threading import Thread
from xml.etree import ElementTree

import news_feed
import pytest
from click.testing import CliRunner


def result(folder, day, **topics):
    made = {
        topic: [
            {
                "id": name,
                "title": f"{name} & <more>",
                "summary": "s",
                "link": link,
                "source": "X",
                "published": f"{day} 10:00:00",
                "score": 0.9,
                "model": "m",
            }
            for name, link in articles
        ]
        for topic, articles in topics.items()
    }
    (folder / f"result__{day}.json").write_text(json.dumps(made))


@pytest.fixture
def days(tmp_path):
    result(tmp_path, "2026-03-04", Stock=[("a", "https://x/a"), ("b", "javascript:alert(1)")])
    result(tmp_path, "2026-03-05", Stock=[("a", "https://x/a")], Crypto=[("c", "https://x/c")])
    return tmp_path


def test_a_topic_has_a_page_section_a_json_feed_and_an_rss_feed(days):
    site = news_feed.site(days)
    assert set(site) == {"index.html", *(f"topics/{t}.{e}" for t in ("stock", "crypto") for e in ("json", "xml"))}
    items = json.loads(site["topics/stock.json"])["items"]
    assert [item["id"] for item in items] == ["a", "b"]  # once, though two days have it
    channel = ElementTree.fromstring(site["topics/stock.xml"]).find("channel")
    assert [item.findtext("title") for item in channel.iter("item")] == ["a & <more>", "b & <more>"]
    assert "c &amp; &lt;more&gt;" in site["index.html"]


def test_a_link_that_is_no_page_is_not_followed(days):
    assert not [text for text in news_feed.site(days).values() if "javascript:alert" in text]


def test_the_site_is_written_as_files(days, tmp_path):
    done = CliRunner().invoke(news_feed.cli, ["write", "--data", str(days), "--out", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "site" / "topics" / "crypto.xml").is_file()


def test_the_server_shows_a_new_result_and_says_what_is_broken(tmp_path):
    server = news_feed.server_of(tmp_path, "127.0.0.1", 0)
    thread = Thread(target=server.serve_forever)
    thread.start()

    def get(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}") as answer:
            return answer.headers["Content-Type"], answer.read().decode()

    try:
        assert "There is no result yet" in get("/")[1]
        result(tmp_path, "2026-03-04", Stock=[("a", "https://x/a")])
        assert "a &amp; &lt;more&gt;" in get("/")[1]
        assert get("/topics/stock.xml")[0] == "application/rss+xml; charset=utf-8"
        with pytest.raises(urllib.error.HTTPError) as missing:
            get("/topics/../../etc/passwd")
        assert missing.value.code == 404
        (tmp_path / "result__2026-03-05.json").write_text("{half")
        with pytest.raises(urllib.error.HTTPError) as broken:
            get("/")
        assert "is not whole" in broken.value.read().decode()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_stories_of_each_topic_are_fit_to_be_judged_by():
    import local_feeds
    from model_predict import LABELS
    from stories import STORIES

    assert set(STORIES) == set(LABELS)
    day = local_feeds.datetime(2026, 3, 4)
    planted = local_feeds.topics_between(
        day.replace(tzinfo=local_feeds.timezone.utc), day.replace(hour=23, minute=59, tzinfo=local_feeds.timezone.utc)
    )
    assert len(set(planted.values())) == len(LABELS)
