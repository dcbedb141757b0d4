"""Three publishers on this machine: what the loader reads when nobody has named a feed.

The articles of a day are always the same, and for each of them the topic it was written for is known, so that what the
model says can be judged. Runs inside the task that loads, on 127.0.0.1, and ends with it.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, timezone
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

from stories import BANKS, CITIES, COINS, COMPANIES, COUNTRIES, PEOPLE, STORIES

PUBLISHERS = {"harbor-wire": "Harbor Wire", "ledger-daily": "The Ledger Daily", "northgate": "Northgate Markets"}
ARTICLES_A_DAY = 30  # of one publisher
SHARED_A_DAY = 3  # of them, bought from the publisher before: the same article in two feeds
XML = "<?xml version='1.0' encoding='utf-8'?>"
DAYS_SHOWN = 2  # a feed shows a little more than what is new


class Article(NamedTuple):
    id: str
    topic: str  # it was written for; no feed tells it
    title: str
    summary: str
    published: datetime
    link: str


def articles_of(publisher: str, day: date) -> list[Article]:
    """A publisher's own of one day."""
    chance = random.Random(f"{publisher} {day}")
    made = []
    for number in range(ARTICLES_A_DAY - SHARED_A_DAY):
        topic = chance.choice(list(STORIES))
        headlines, summaries = STORIES[topic]
        given = _words(chance)
        at = datetime.combine(day, time(), timezone.utc) + timedelta(minutes=chance.randrange(24 * 60))
        name = f"{publisher}-{day:%Y%m%d}-{number:02}"
        made.append(
            Article(
                name,
                topic,
                chance.choice(headlines).format(**given),
                chance.choice(summaries).format(**given),
                at,
                f"https://{publisher}.example/{day:%Y/%m/%d}/{number:02}",
            )
        )
    return made


def feed_of(publisher: str, until: datetime) -> list[Article]:
    """What its feed shows at that moment, the newest first."""
    names = list(PUBLISHERS)
    before = names[names.index(publisher) - 1]
    shown: list[Article] = []
    for back in range(DAYS_SHOWN + 1):
        day = until.date() - timedelta(days=back)
        shown += [*articles_of(publisher, day), *articles_of(before, day)[:SHARED_A_DAY]]
    since = until - timedelta(days=DAYS_SHOWN)
    return sorted((a for a in shown if since <= a.published < until), key=lambda a: a.published, reverse=True)


def topics_between(since: datetime, until: datetime) -> dict[str, str]:
    """The planted topic of each article that was published in between, by its id."""
    days = (until.date() - since.date()).days + 1
    every = (a for p in PUBLISHERS for n in range(days) for a in articles_of(p, since.date() + timedelta(days=n)))
    return {a.id: a.topic for a in every if since <= a.published < until}


def _words(chance: random.Random) -> dict[str, object]:
    coin = chance.choice(COINS)
    return {
        "company": chance.choice(COMPANIES),
        "bank": chance.choice(BANKS),
        "country": chance.choice(COUNTRIES),
        "person": chance.choice(PEOPLE),
        "city": chance.choice(CITIES),
        "coin": coin,
        "Coin": coin[0].upper() + coin[1:],
        "n": chance.randint(4, 19),
        "n0": chance.randint(55, 140),
    }


# ── as files ──


def as_rss(name: str, articles: list[Article]) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{a.id}</guid><title>{escape(escape(a.title))}</title>"
        f"<link>{a.link}</link><description>{escape(escape(a.summary))}</description>"
        f"<pubDate>{format_datetime(a.published)}</pubDate></item>"
        for a in articles
    )
    return f"{XML}<rss version='2.0'><channel><title>{escape(name)}</title>{items}</channel></rss>"


def as_atom(name: str, articles: list[Article]) -> str:
    entries = "".join(
        f"<entry><id>{a.id}</id><title>{escape(a.title)}</title><link href='{a.link}'/>"
        f"<summary>{escape(a.summary)}</summary><published>{a.published.isoformat()}</published></entry>"
        for a in articles
    )
    return f"{XML}<feed xmlns='http://www.w3.org/2005/Atom'><title>{escape(name)}</title>{entries}</feed>"


@contextmanager
def served(until: datetime) -> Iterator[list[str]]:
    """The addresses of the feeds, as they are at that moment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher = self.path.strip("/").partition("/")[0]
            if publisher not in PUBLISHERS:
                self.send_error(404)
                return
            form = as_atom if publisher == "northgate" else as_rss  # publishers do not agree on one
            data = form(PUBLISHERS[publisher], feed_of(publisher, until)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield [f"http://127.0.0.1:{server.server_port}/{publisher}/feed.xml" for publisher in PUBLISHERS]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
