"""Cleaning, blocks and scores: no database."""

import pytest
from dedup.cleaning import clean_address, clean_name
from dedup.matching import SAME_FROM, blocks_of, decide, score, scores
from dedup.people import People

MARTHA = ("martha", "o hara", "12 oak st springfield 62704")


@pytest.mark.parametrize(
    ("typed", "clean"), [("Dr. Éva  O'HARA ", "eva ohara"), ("Ann Smith, PhD", "ann smith"), ("Dr", "dr"), (None, "")]
)
def test_a_name_has_one_form(typed, clean):
    assert clean_name(typed) == clean


def test_an_address_has_one_form():
    assert clean_address("12  Oak Street, Apartment 4") == clean_address("12 Oak St. Apt 4") == "12 oak st apt 4"


def test_a_score_is_jaro_of_three_fields():
    assert score(MARTHA, MARTHA) == pytest.approx(1.0)
    marhta = ("marhta", *MARTHA[1:])
    assert score(MARTHA, marhta) == pytest.approx(1 - 0.25 * (1 - 0.9444), abs=1e-4)
    assert scores([(*MARTHA, *marhta)])[0] == pytest.approx(score(MARTHA, marhta), abs=1e-6)


def test_households_and_namesakes_are_other_people():
    assert score(MARTHA, ("george", *MARTHA[1:])) < SAME_FROM
    assert score(("jean", *MARTHA[1:]), ("john", *MARTHA[1:])) < SAME_FROM
    assert score(MARTHA, (*MARTHA[:2], "977 lake view rd new york 10001")) < SAME_FROM


def test_one_typing_error_leaves_a_block_in_common():
    people = People("any", 50)
    for _ in range(50):
        first, last, address = (part.lower() for part in people.person())
        whole = set(blocks_of(first, last, address))
        assert whole & set(blocks_of(people.mistyped(first), last, address))
        assert whole & set(blocks_of(first, people.mistyped(last), address))


def test_a_duplicate_of_a_duplicate_is_one_of_the_first():
    found = decide({1: (70, 0.95)}, {2: (1, 0.93), 3: (0, 0.92), 4: (3, 0.91)})
    assert {n: one[:2] for n, one in found.items()} == {
        1: ("person", 70),
        2: ("person", 70),
        3: ("record", 0),
        4: ("record", 0),
    }


def test_a_feed_is_the_same_for_the_same_seed_and_says_who_is_who():
    feed = People("a", 300).feed(300, "a")
    assert feed == People("a", 300).feed(300, "a")
    assert 30 < sum(row[0] != row[4] for row in feed) < 100
