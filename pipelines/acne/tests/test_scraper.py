"""The scraper against a gallery on this machine, and what becomes of sites that are not what they should be."""

import pytest

from img_processing import clean_up as cleaning
from scraper import dermnet_scrape, local_site
from scraper.dermnet_scrape import Scrape, scrape_data
from scraper.drawing import KINDS, draw, jpeg
from settings import PipelineError, scraped


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(local_site, "PER_CLASS", 18)
    monkeypatch.setattr(local_site, "PER_PAGE", 10)


def site(**answers):
    """A gallery in which some addresses answer otherwise: `path=(status, content type, body)`."""

    class Other(local_site.Gallery):
        def _answer(self, asked):
            return answers.get(asked.path) or super()._answer(asked)

    return local_site.local_site(Other)


def scrape(address, pause_s=0.0):
    return Scrape(address, scraped("here"), pause_s, backoff_s=0.0).run()


def test_it_takes_what_the_site_has_and_says_what_it_left_out():
    # S2.5
    with site() as address:
        found = scrape(address)
    each = 18 + len(local_site.UNTIDY) - 2
    assert found.classes == {**dict.fromkeys(KINDS, each), local_site.RARE: local_site.RARE_PICTURES}
    assert {why for _, why in found.left_out} == {
        "robots.txt asks not to",
        "not a picture but text/html",
        "answered 404",
    }
    assert not list(scraped("here").rglob(".*"))


def test_it_keeps_away_from_what_robots_txt_closes_and_says_who_it_is():
    with site() as address:
        scrape(address)
    assert address.asked[0][0] == "/robots.txt"
    assert not [path for path, _ in address.asked if local_site.CLOSED in path]
    assert {agent for _, agent in address.asked} == {dermnet_scrape.USER_AGENT}


def test_a_second_scrape_asks_for_no_picture_that_is_there():
    with site() as address:
        first = scrape(address)
        before = len(address.asked)
        second = scrape(address)
    again = [path for path, _ in address.asked[before:] if path.startswith("/pictures/")]
    assert (second.new, second.kept) == (0, first.new)
    assert sorted(path.rpartition("-")[2] for path in again) == sorted(["gone.jpg", "html.jpg"] * len(KINDS))


def test_it_pauses_as_long_as_robots_txt_asks(monkeypatch):
    slept = []
    monkeypatch.setattr(dermnet_scrape.time, "sleep", slept.append)
    rules = (200, "text/plain", b"User-agent: *\nCrawl-delay: 7\nDisallow: /images/")
    with site(**{"/robots.txt": rules}) as address, pytest.raises(PipelineError, match="has no picture"):
        scrape_data(address, pause_s=0.5)
    assert slept[-1] > 6


def test_a_site_that_is_down_is_one_sentence():
    with pytest.raises(
        PipelineError, match=r"robots.txt does not answer \(Connection refused\), tried 4 times"
    ) as problem:
        scrape("http://127.0.0.1:9")
    assert "\n" not in str(problem.value)


def test_a_site_without_the_gallery_is_one_sentence():
    with site(**{"/images/Acne-and-Rosacea-Photos": (404, "text/html", b"")}) as address:
        with pytest.raises(PipelineError, match="answered 404: set the Airflow variable acne_site"):
            scrape(address)


def test_what_was_fetched_before_the_site_broke_is_kept():
    broken = (503, "text/html", b"")
    with site(**{"/images/Rosacea": broken}) as address, pytest.raises(PipelineError, match="Rosacea answered 503"):
        scrape(address)
    assert len(list(scraped("here").rglob("*.jpg"))) > 4 * 18


def test_a_disk_that_is_full_leaves_nothing_half_written(monkeypatch):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))  # bytes of one file: a picture has more
    try:
        with site() as address, pytest.raises(PipelineError, match="could not be written .*nothing half-written"):
            scrape(address)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not [path for path in scraped("here").rglob("*") if path.is_file()]


def test_broken_pictures_copies_and_small_classes_are_not_learned_from(data):
    cleaned = cleaning.clean_up(scrape_data(), "one")
    rejected = (data / "datasets" / "one" / "rejected.csv").read_text()
    assert rejected.count("it is broken") == len(KINDS)
    assert rejected.count("the same picture as") == 2 * len(KINDS)  # a copy, and one saved again at another quality
    assert rejected.count("fewer than 15") == local_site.RARE_PICTURES
    lines = (data / "datasets" / "one" / "dataset.csv").read_text().splitlines()
    assert cleaned == str(data / "datasets" / "one")
    assert len(lines) == 1 + 18 * len(KINDS)


def test_the_split_stays_as_pictures_come_in(data):
    folder = scraped("here") / KINDS[0]
    folder.mkdir(parents=True)
    for n in range(12):
        (folder / f"{n}.jpg").write_bytes(jpeg(draw(KINDS[0], str(n))))
    before = {path: split for path, _, split in cleaning.sort_out(cleaning.oldest_first(folder.parent))[0]}
    for n in range(12, 24):
        (folder / f"0{n}.jpg").write_bytes(jpeg(draw(KINDS[0], str(n))))
    (folder / "00.jpg").write_bytes(jpeg(draw(KINDS[0], "3"), quality=50))
    after = {path: split for path, _, split in cleaning.sort_out(cleaning.oldest_first(folder.parent))[0]}
    assert before.items() <= after.items()
    assert len(after) == 24


def test_too_little_to_learn_from_is_one_sentence(data):
    (scraped("here") / "Rosacea").mkdir(parents=True)
    with pytest.raises(PipelineError, match="only 0 classes have 15 or more"):
        cleaning.clean_up(scraped("here"), "one")
    assert not (data / "datasets").exists()
