"""The feeds of the subscribers: a page, and a JSON feed and an RSS feed for each topic, made from the results on disk.

python feed/news_feed.py write --out site     the files, for any web server
python feed/news_feed.py serve --port 8090    the same from memory, new as soon as a run has ended
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import click
from jinja2 import Environment, FileSystemLoader

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data" / "predict"
DAYS_SHOWN = 7
ARTICLES_A_TOPIC_MAX = 60
SHOWN_AT_FIRST = 4
TYPES = {".html": "text/html", ".json": "application/feed+json", ".xml": "application/rss+xml"}


class NotReadable(Exception):
    """A result on disk is not what a run writes."""


def results(data: Path) -> list[Path]:
    """Of the last days, the newest first."""
    return sorted(data.glob("result__*.json"), reverse=True)[:DAYS_SHOWN]


def articles_by_topic(files: list[Path]) -> dict[str, list[dict]]:
    """An article that two days have (a run by hand and the one by schedule) is shown once."""
    topics: dict[str, list[dict]] = {}
    seen: set[str] = set()
    for file in files:
        try:
            found = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise NotReadable(f"{file} is not whole: {error}") from None
        for topic, articles in found.items():
            for article in articles:
                if article["id"] not in seen:
                    seen.add(article["id"])
                    topics.setdefault(topic, []).append({**article, "link": safe(article.get("link", ""))})
    for articles in topics.values():
        articles.sort(key=lambda a: a["published"], reverse=True)
        del articles[ARTICLES_A_TOPIC_MAX:]
    # What fits nowhere comes last, however much it is.
    return dict(sorted(topics.items(), key=lambda item: (item[0] == "Other", -len(item[1]), item[0])))


def safe(link: str) -> str:
    """A publisher's link is followed only where it leads to a page."""
    return link if urlsplit(link).scheme in ("http", "https") else ""


def slug(topic: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", topic.lower()).strip("-") or "topic"


def moment(article: dict) -> datetime:
    return datetime.strptime(article["published"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


def site(data: Path) -> dict[str, str]:
    """Every file of the site by its name."""
    files = results(data)
    topics = articles_by_topic(files)
    made = {"index.html": _page(topics, files)}
    for topic, articles in topics.items():
        made[f"topics/{slug(topic)}.json"] = _json_feed(topic, articles)
        made[f"topics/{slug(topic)}.xml"] = _rss(topic, articles)
    return made


def _page(topics: dict[str, list[dict]], files: list[Path]) -> str:
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"slug": slug, "when": lambda a: moment(a).strftime("%-d %b, %H:%M")}
    every = [article for articles in topics.values() for article in articles]
    return environment.get_template("page.html").render(
        topics=topics,
        shown=SHOWN_AT_FIRST,
        count=len(every),
        days=[file.stem.partition("__")[2] for file in files],
        sources=sorted({a["source"] for a in every if a.get("source")}),
        models=sorted({a["model"] for a in every if a.get("model")}),
    )


def _json_feed(topic: str, articles: list[dict]) -> str:
    items = [
        {
            "id": a["id"],
            "url": a["link"],
            "title": a["title"],
            "content_text": a["summary"],
            "date_published": moment(a).isoformat(),
            "authors": [{"name": a.get("source", "")}],
            "tags": [topic],
        }
        for a in articles
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": f"Financial news: {topic}", "items": items}
    return json.dumps(feed, indent=2, ensure_ascii=False) + "\n"


def _rss(topic: str, articles: list[dict]) -> str:
    def lines() -> Iterator[str]:
        yield '<?xml version="1.0" encoding="utf-8"?>'
        yield f'<rss version="2.0"><channel><title>Financial news: {escape(topic)}</title>'
        yield f"<link>/</link><description>{escape(topic)}, filed by a model</description>"
        for a in articles:
            yield f'<item><guid isPermaLink="false">{escape(a["id"])}</guid><title>{escape(a["title"])}</title>'
            yield f"<link>{escape(a['link'])}</link><description>{escape(a['summary'])}</description>"
            yield f"<category>{escape(topic)}</category><pubDate>{format_datetime(moment(a))}</pubDate></item>"
        yield "</channel></rss>"

    return "\n".join(lines()) + "\n"


# ── commands ──


@click.group()
def cli() -> None:
    """The feeds of the subscribers."""


with_data = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=DATA, help="Where the results are."
)


@cli.command()
@with_data
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the site goes.")
def write(data: Path, out: Path) -> None:
    """Write the site as files."""
    try:
        files = site(data)
    except NotReadable as error:
        raise click.ClickException(str(error)) from None
    for name, text in files.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}")
        fresh.write_text(text, "utf-8")
        fresh.replace(target)
    click.echo(f"{len(files)} files are in {out}; open {out / 'index.html'}.")


@cli.command()
@with_data
@click.option("--port", default=8090, show_default=True, help="0 takes any that is free.")
@click.option("--host", default="127.0.0.1", show_default=True)
def serve(data: Path, port: int, host: str) -> None:
    """Serve the site until Ctrl-C."""
    try:
        server = server_of(data, host, port)
    except OSError as error:
        raise click.ClickException(f"Port {port} of {host} cannot be had: {error.strerror}. Use --port.") from None
    click.echo(f"http://{host}:{server.server_port}/ (Ctrl-C ends it)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def server_of(data: Path, host: str, port: int) -> ThreadingHTTPServer:
    kept: dict[str, object] = {"mark": None, "files": {}}

    def current() -> dict[str, str]:
        """Made anew when a result has changed."""
        mark = [(file.name, file.stat().st_mtime_ns) for file in results(data)]
        if kept["mark"] != mark:
            kept.update(files=site(data), mark=mark)
        return kept["files"]  # type: ignore[return-value]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = urlsplit(self.path).path.strip("/") or "index.html"
            try:
                text = current().get(name)
            except (NotReadable, OSError) as error:
                self.send_error(503, "The results cannot be read", str(error))
                return
            if text is None:
                self.send_error(404, "Not found", f"There is no feed {name}; the first page links to all of them.")
                return
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{TYPES[Path(name).suffix]}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer((host, port), Handler)


if __name__ == "__main__":
    cli()
