"""Who may do what: decided in one place, and denied where nobody has allowed it."""

from __future__ import annotations

import itertools

import pytest

from venturi.core.accounts import HOLDS, NONE, ROLES, Person, is_name, may


def test_each_role_holds_what_the_one_before_it_holds() -> None:
    for lower, higher in itertools.pairwise(ROLES[:-1]):
        assert HOLDS[lower] < HOLDS[higher]


def test_what_is_not_named_is_not_allowed() -> None:
    for role in (*HOLDS, "", "Admin", "root"):
        assert not may(Person("p", role), "accounts:write")
        assert not may(Person("p", role), "")
    assert may(Person("p", "admin"), "accounts:write")
    assert not may(Person("p", "no such role"), "dags:read")


def test_a_grant_adds_in_its_dag_alone_and_takes_nothing_away() -> None:
    person = Person("p", NONE, {"mine": "user", "odd": "no such role"})
    assert may(person, "runs:write", "mine")
    assert not may(person, "runs:write", "other")
    assert not may(person, "dags:read")  # the list of all
    assert not may(person, "dags:read", "odd")
    assert may(Person("p", "operator", {"mine": "viewer"}), "runs:write", "mine")


@pytest.mark.parametrize("text", ["", " a", "a ", "a:b", "a\nb", "a\x00", "x" * 129])
def test_a_name_is_one_line_without_a_colon(text: str) -> None:
    assert not is_name(text)
    assert is_name("Ann Ö")
