"""Scrapes a gallery of pictures, politely: one request at a time, with a pause between two, under its own name, and
only what robots.txt allows. What is there is not asked for again, so a scrape that broke off goes on where it was.

Made for the form of a gallery page with a list of classes, and pages of thumbnails that link to pictures. The three
selectors below are what another site needs changed.
"""

import json
import re
import time
import zlib
from contextlib import nullcontext
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import requests
from bs4 import BeautifulSoup
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from scraper.local_site import local_site
from settings import GALLERY, PipelineError, scraped, writing

CLASSES, PICTURES, NEXT_PAGE = "ul.gallery a[href]", "a.thumb[href]", 'a[rel="next"][href]'

USER_AGENT = "acne-training-pipeline/1.0 (a course project; write to the owner of this DAG)"
PAUSE_S = 1.0  # between two requests; robots.txt may ask for more
TIMEOUT_S = 20
PICTURE_BYTES_MAX = 10_000_000
PAGES_MAX = 200  # of one class
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


def scrape_data(site="", pause_s=None):
    """Scrapes `site`, or without one the gallery that this project serves itself. Returns the pictures' folder."""
    if site:
        print(f"Scraping {site}: one request every {PAUSE_S if pause_s is None else pause_s:g} s or slower.")
    else:
        print("No site is named (Airflow variable acne_site), so the gallery of drawings that comes with this project")
        print("is served on this machine and scraped instead.")
    with nullcontext(site) if site else local_site() as address:
        folder = scraped(urlsplit(site).netloc.replace(":", "-") or "local-site")
        found = Scrape(address, folder, (PAUSE_S if pause_s is None else pause_s) if site else 0.0).run()
    print(found.told())
    if not found.pictures:
        raise PipelineError(f"{site or 'The gallery'} has no picture that could be used; see the lines above.")
    with writing(folder / "scrape.json") as draft:
        draft.write_text(json.dumps(found.numbers(), indent=1))
    return str(folder)


@dataclass
class Found:
    new: int = 0
    kept: int = 0  # from an earlier scrape
    classes: dict = field(default_factory=dict)
    left_out: list = field(default_factory=list)  # [(address, why)]

    @property
    def pictures(self):
        return self.new + self.kept

    def numbers(self):
        return {"new": self.new, "kept": self.kept, "classes": self.classes, "left_out": self.left_out}

    def told(self):
        lines = [f"  {kind:<22} {n:>4} pictures" for kind, n in sorted(self.classes.items())]
        lines += [f"  left out: {address} ({why})" for address, why in self.left_out]
        return "\n".join([*lines, f"{self.new} new pictures, {self.kept} were there, {len(self.left_out)} left out."])


class Scrape:
    """One walk through the gallery."""

    def __init__(self, site, folder, pause_s, gallery=f"/images/{GALLERY}", backoff_s=0.5):
        self._start = urljoin(site + "/", gallery.lstrip("/"))
        self._folder = folder
        self._found = Found()
        self._visitor = Visitor(site, pause_s, backoff_s)

    def run(self):
        for address in self._links(self._page(self._start), CLASSES):
            kind = re.sub(r"[^A-Za-z0-9-]+", "-", urlsplit(address).path.rpartition("/")[2])
            if self._visitor.may(address):
                self._class(kind, address)
            else:
                self._found.left_out.append((address, "robots.txt asks not to"))
        return self._found

    def _class(self, kind, address):
        seen, pages = set(), 0
        while address and address not in seen and pages < PAGES_MAX:
            seen.add(address)
            pages += 1
            text = self._page(address)
            for picture in self._links(text, PICTURES, address):
                self._picture(kind, picture)
            address = next(iter(self._links(text, NEXT_PAGE, address)), None)

    def _page(self, address):
        answer = self._visitor.get(address)
        if answer.status_code != 200:
            raise PipelineError(
                f"{address} answered {answer.status_code}: set the Airflow variable acne_site to a site with this "
                "gallery, or change its path in scraper/dermnet_scrape.py."
            )
        return answer.text

    def _links(self, text, selector, base=None):
        found = [urljoin(base or self._start, a["href"]) for a in BeautifulSoup(text, "html.parser").select(selector)]
        return [a for a in dict.fromkeys(found) if urlsplit(a).netloc == urlsplit(self._start).netloc]

    def _picture(self, kind, address):
        stem = f"{zlib.crc32(urlsplit(address).path.encode()):08x}"
        if any(self._folder.joinpath(kind).glob(f"{stem}.*")):
            self._found.kept += 1
        else:
            why = self._fetch(address, self._folder / kind / stem)
            if why:
                self._found.left_out.append((address, why))
                return
            self._found.new += 1
        self._found.classes[kind] = self._found.classes.get(kind, 0) + 1

    def _fetch(self, address, place):
        """Writes the picture; or says why not."""
        if not self._visitor.may(address):
            return "robots.txt asks not to"
        answer = self._visitor.get(address)
        content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if answer.status_code != 200:
            return f"answered {answer.status_code}"
        if content_type not in ENDINGS:
            return f"not a picture but {content_type or 'of no type'}"
        if len(answer.content) > PICTURE_BYTES_MAX:
            return f"larger than {PICTURE_BYTES_MAX:,} bytes"
        with writing(place.with_suffix(ENDINGS[content_type])) as draft:
            draft.write_bytes(answer.content)
        return None


class Visitor:
    """Asks the site, and keeps its rules."""

    def __init__(self, site, pause_s, backoff_s):
        self._site, self._last_at = site, 0.0
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        again = Retry(total=3, backoff_factor=backoff_s, status_forcelist=(429, 500, 502, 503, 504))
        again.raise_on_status = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=again))
        self._pause_s = pause_s
        self._rules = self._read_rules()
        self._pause_s = max(pause_s, float(self._rules.crawl_delay(USER_AGENT) or 0))

    def may(self, address):
        return self._rules.can_fetch(USER_AGENT, address)

    def get(self, address):
        time.sleep(max(0.0, self._last_at + self._pause_s - time.monotonic()))
        try:
            answer = self._session.get(address, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise PipelineError(
                f"{address} does not answer ({_reason(error)}), tried 4 times; what was fetched is kept, and the next "
                "run goes on from there."
            ) from error
        finally:
            self._last_at = time.monotonic()
        return answer

    def _read_rules(self):
        rules = RobotFileParser()
        answer = self.get(urljoin(self._site + "/", "robots.txt"))
        if answer.status_code >= 500:
            raise PipelineError(f"{self._site}/robots.txt answered {answer.status_code}, so nothing may be asked now.")
        rules.parse(answer.text.splitlines() if answer.status_code == 200 else [])
        return rules


def _reason(error):
    """The system's own words, out of the many that are put around them."""
    said = re.search(r"\[Errno -?\d+\] ([\w ]+)", str(error))
    return said.group(1) if said else type(error).__name__
