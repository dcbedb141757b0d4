"""Reads the news feeds and writes their articles into one table: tab-separated, one line an article."""

import html
import logging
import os
import re
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path

import click
import feedparser
import local_feeds
import pandas as pd

COLUMNS = ["id", "published", "title", "summary", "link", "source"]
TIMEOUT_S = 20
TRIES = 2  # of one feed; when none answers the whole task is tried again
PAUSE_S = 1.0
FEED_BYTES_MAX = 20_000_000

log = logging.getLogger("data_load")


class FeedProblem(Exception):
    """One feed cannot be read; the others go on."""


def read_feed(url: str) -> pd.DataFrame:
    parsed = feedparser.parse(_fetched(url))
    if not parsed.entries and (not parsed.version or parsed.bozo):
        raise FeedProblem("what it sends is no RSS and no Atom feed")
    source = html.unescape(parsed.feed.get("title", "")) or url
    rows = [_row(entry, source) for entry in parsed.entries]
    table = pd.DataFrame([row for row in rows if row is not None], columns=COLUMNS)
    if len(table) < len(rows):
        log.warning("%s: %d articles have no title or no date and are left out.", source, len(rows) - len(table))
    return table


def _fetched(url: str) -> bytes:
    for left in reversed(range(TRIES)):
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "news-pipeline/1.0"})
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return answer.read(FEED_BYTES_MAX)
        except (OSError, ValueError) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if not left or final or isinstance(error, ValueError):
                raise FeedProblem(_reason(error)) from error
            time.sleep(PAUSE_S)
    raise AssertionError


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"it answers {error.code} {error.reason}"
    return str(getattr(error, "reason", error))


def _row(entry: dict, source: str) -> list[str] | None:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    title = _text(entry.get("title", ""))
    if not title or not moment:
        return None
    link = entry.get("link", "")
    published = datetime(*moment[:6]).strftime("%Y-%m-%d %H:%M:%S")  # feedparser has made it UTC
    return [entry.get("id") or link or title, published, title, _text(entry.get("summary", "")), link, source]


def _text(given: str) -> str:
    """Publishers escape twice, and put markup into summaries."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(given)).split())


def read_feeds(urls: list[str]) -> pd.DataFrame:
    """All that can be read; an article that several feeds have is kept once."""
    tables, problems = [], []
    for url in urls:
        try:
            table = read_feed(url)
        except FeedProblem as problem:
            problems.append(f"{url}: {problem}")
            continue
        log.info("%s: %d articles.", url, len(table))
        if table.empty:
            log.warning("%s is a feed without articles.", url)
        tables.append(table)
    if not tables:
        raise click.ClickException(
            f"None of the {len(urls)} feeds can be read, nothing is written. {'; '.join(problems)}."
        )
    for problem in problems:
        log.warning("Left out, the other feeds go on: %s.", problem)
    return pd.concat(tables, ignore_index=True).drop_duplicates("id", ignore_index=True)


def write_whole(path: str, text: str) -> None:
    """All of it or nothing. A path with a scheme (s3://…) is an object store's, which does that by itself."""
    if "://" in path:
        import fsspec

        with fsspec.open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_text(text, "utf-8")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _moment(_context: object, _parameter: object, given: str | None) -> datetime:
    if not given:
        return datetime.now(timezone.utc)
    try:
        moment = datetime.fromisoformat(given.replace("Z", "+00:00"))
    except ValueError:
        raise click.BadParameter(f"{given!r} is no moment; give one as 2024-05-27T00:00:00+00:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@click.command()
@click.option("--data_path", required=True, help="Where the table is written.")
@click.option("--feeds", envvar="NEWS_FEEDS", default="", help="Addresses of feeds, with spaces or commas between.")
@click.option("--until", callback=_moment, help="The moment for which the local feeds are made; now, if not given.")
def data_load(data_path: str, feeds: str, until: datetime) -> None:
    """Read every feed and write the articles into one table."""
    urls = feeds.replace(",", " ").split()
    if urls:
        log.info("Reading %d feeds.", len(urls))
    else:
        log.info(
            "No feed is named (NEWS_FEEDS, --feeds): reading the invented publishers that this task serves itself."
        )
    with nullcontext(urls) if urls else local_feeds.served(until) as addresses:
        table = read_feeds(addresses)
    write_whole(data_path, table.to_csv(sep="\t", index=False))
    log.info("%d articles are in %s.", len(table), data_path)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data_load()
