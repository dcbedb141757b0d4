"""The site that is scraped as long as no real one is named: a small gallery on this machine, untidy as real ones.

Beside good pictures it has broken files, copies, a page of HTML under a picture's name, links that lead nowhere, a
class of too few pictures, and a corner that robots.txt closes. It exists inside `with local_site() as address` alone.
"""

import random
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from scraper.drawing import KINDS, draw, jpeg
from settings import GALLERY

PER_CLASS, PER_PAGE = 80, 40
RARE, RARE_PICTURES = "Rhinophyma", 8
CLOSED = "Private-Consultations"
# What is wrong on purpose, once in each class: the last pictures of it.
UNTIDY = ("truncated", "copy", "resaved", "html", "gone")

_PAGE = "<!doctype html><title>{title}</title><h1>{title}</h1>{body}"
_ROBOTS = f"User-agent: *\nDisallow: /images/{CLOSED}\nDisallow: /pictures/{CLOSED}\n"


def names(kind):
    """The pictures of a class, in the order of its pages."""
    if kind == RARE:
        return [f"{RARE.lower()}-{n}" for n in range(1, RARE_PICTURES + 1)]
    good = [f"{kind.lower()}-{n}" for n in range(1, PER_CLASS + 1)]
    return good + [f"{kind.lower()}-{what}" for what in UNTIDY]


def picture(kind, name):
    """What the site sends for it: status, content type, body."""
    what = name.rpartition("-")[2]
    first = f"{kind.lower()}-1"
    if kind == RARE:  # borrowed, there is too little of it to learn from anyway
        return 200, "image/jpeg", jpeg(draw(KINDS[0], name))
    if what == "gone" or name not in names(kind):
        return 404, "text/html", _PAGE.format(title="Not found", body="").encode()
    if what == "html":
        return 200, "text/html; charset=utf-8", _PAGE.format(title="Please log in", body="").encode()
    if what == "truncated":
        return 200, "image/jpeg", jpeg(draw(kind, name))[:900]
    if what == "copy":
        return 200, "image/jpeg", jpeg(draw(kind, first))
    if what == "resaved":  # other bytes, the same picture
        return 200, "image/jpeg", jpeg(draw(kind, first), quality=60)
    return 200, "image/jpeg", jpeg(draw(kind, name))


def page(path, number):
    """A page of HTML, or None."""
    if path == f"/images/{GALLERY}":
        links = "".join(f'<li><a href="/images/{kind}">{kind}</a></li>' for kind in (*KINDS, RARE, CLOSED))
        return _PAGE.format(title=GALLERY, body=f'<ul class="gallery">{links}</ul>')
    kind = path.removeprefix("/images/")
    if not path.startswith("/images/") or kind not in (*KINDS, RARE):
        return None
    all_names = names(kind)
    random.Random(zlib.crc32(kind.encode())).shuffle(all_names)
    shown = all_names[PER_PAGE * (number - 1) : PER_PAGE * number]
    body = "".join(f'<a class="thumb" href="/pictures/{kind}/{name}.jpg">{name}</a>\n' for name in shown)
    if PER_PAGE * number < len(all_names):
        body += f'<a rel="next" href="/images/{kind}?page={number + 1}">next</a>'
    return _PAGE.format(title=kind, body=body)


class Gallery(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: in two, each would wait for the other side's acknowledgement

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("User-Agent", "")))
        self._send(*self._answer(urlsplit(self.path)))

    def _answer(self, asked):
        if asked.path == "/robots.txt":
            return 200, "text/plain", _ROBOTS.encode()
        if asked.path.startswith("/pictures/") and asked.path.endswith(".jpg"):
            kind, _, name = asked.path.removeprefix("/pictures/").removesuffix(".jpg").partition("/")
            if kind in (*KINDS, RARE):
                return picture(kind, name)
        text = page(asked.path, int(parse_qs(asked.query).get("page", ["1"])[0]))
        if text is None:
            return 404, "text/html", _PAGE.format(title="Not found", body="").encode()
        return 200, "text/html; charset=utf-8", text.encode()

    def _send(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """The scraper says what it does; the site need not."""


@contextmanager
def local_site(handler=Gallery):
    """Serves it on a free port of this machine; yields the address, with what was asked of it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Address(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Address(str):
    """Where the gallery is, and what was asked of it."""

    def __new__(cls, server):
        made = super().__new__(cls, f"http://127.0.0.1:{server.server_port}")
        made.asked = server.asked
        return made
