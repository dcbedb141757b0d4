"""`venturi users` and `venturi token`, typed."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from venturi.web import passwords

from .conftest import PATIENCE_S, Place, Said

GOOD = "three small boats at noon"


def typed(place: Place, line: str, *arguments: str) -> Said:
    got: Any = subprocess.run(
        place.argv(*arguments), input=line + "\n", capture_output=True, text=True, timeout=PATIENCE_S
    )
    return Said(got.returncode, got.stdout, got.stderr)


def test_an_account_is_made_shown_changed_and_removed(place: Place) -> None:
    made = typed(place, GOOD, "users", "create", "ann", "--role", "user", "--password-stdin")
    assert (made.status, made.out) == (0, "Account 'ann' is made, as user.\n"), made.err
    assert "already" in typed(place, GOOD, "users", "create", "ann", "--password-stdin").err
    assert place("users", "grant", "ann", "flow", "operator").status == 0
    assert place("users", "set-role", "ann", "viewer").status == 0
    assert place("users", "disable", "ann").status == 0
    [row] = place("users", "ls", "--json").json["users"]
    assert (row["name"], row["role"], row["grants"], row["disabled"]) == ("ann", "viewer", {"flow": "operator"}, True)
    assert typed(place, GOOD + "!", "users", "set-password", "ann", "--password-stdin").status == 0
    assert place("users", "rm", "ann").status == 0
    assert place("users", "ls", "--json").json["users"] == []
    assert place("users", "rm", "ann").err == "There is no account 'ann'. List them with: venturi users ls\n"


@pytest.mark.parametrize(
    ("password", "said"),
    [("short", "12 to 1024"), ("Password12345", "first that are tried"), ("aaaaaaaaaaaaaaa", "first"), ("", "12 to")],
)
def test_a_password_that_is_guessed_at_once_is_refused_in_one_sentence(place: Place, password: str, said: str) -> None:
    got = typed(place, password, "users", "create", "ann", "--password-stdin")
    assert got.status == 2
    assert said in got.err
    assert got.err.count("\n") == 1


def test_without_a_terminal_it_says_how_the_password_is_given(place: Place) -> None:
    got = typed(place, "", "users", "create", "ann")
    assert (got.status, got.err) == (2, "There is no terminal to ask for the password: give --password-stdin.\n")


def test_a_token_is_told_once_and_listed_without_itself(place: Place) -> None:
    made = place("token", "create", "nightly", "--role", "user", "--grant", "flow=operator", "--days", "1", "--json")
    secret, id = made.json["token"], made.json["id"]
    listed = place("token", "ls", "--json")
    assert secret not in listed.out
    assert listed.json["tokens"][0]["grants"] == {"flow": "operator"}
    assert place("token", "revoke", id).status == 0
    assert place("token", "ls", "--json").json["tokens"] == []
    assert place("token", "create", "x", "--grant", "flow").status == 2
    assert place("token").out == place("token").out


def test_passwords_are_kept_as_argon2id_of_the_wanted_cost() -> None:
    kept = passwords.hashed(GOOD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_right(kept, GOOD)
    assert not passwords.is_right(kept, GOOD + " ")
    assert not passwords.is_right(None, "nobody has this one")
    assert not passwords.is_right("not a hash", GOOD)
    assert not passwords.is_outdated(kept)


def test_what_reads_badly_is_one_line(place: Place) -> None:
    """click lists what may be chosen over several lines."""
    typed(place, GOOD, "users", "create", "ann", "--password-stdin")
    said = place("users", "set-role", "ann")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert said.err.startswith("Missing argument 'ROLE'. Choose from: none, viewer, user, operator, admin.")
    assert "There is no DAG 'later' yet" in place("users", "grant", "ann", "later", "user").err
    assert place("users", "ls").out.splitlines()[1].split() == ["ann", "viewer", "later=user", "active"]
