"""What is secret in connections and variables, and every form in which it could be printed."""

from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote, quote_plus, urlencode

import pytest

from venturi.core import secrets

SECRET = """password DB_PASSWD api-key AWS_SECRET_ACCESS_KEY slack_token private_key Authorization keyfile_dict
    credentials_json account_key KEY client_secret pwd smtp_auth_key apikey"""
OPEN = """region monkey author bucket_key_prefix AWS_ACCESS_KEY_ID token_url secret_name keyboard login partition_key
    auth_type sort_keys host endpoint_url secret_path"""
HARD = "p@ss w/ö:\"rd'\\%41\n"


@pytest.mark.parametrize("name", SECRET.split())
def test_names_that_sound_secret(name):
    assert secrets.sounds_secret(name)


@pytest.mark.parametrize("name", OPEN.split())
def test_names_that_do_not(name):
    assert not secrets.sounds_secret(name)


def printed(secret: str) -> list[str]:
    """The ways in which programs show a text."""
    return [
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        json.dumps({"a": {"b": secret}}, indent=2),
        repr(secret),
        repr([secret]),
        repr(secret.encode()),
        urlencode({"__extra__": json.dumps({"token": secret})}),
        html.escape(secret),
        secret.translate({ord("'"): "&#39;", ord('"'): "&#34;", ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;"}),
        json.dumps(secret)
        .replace("&", "\\u0026")
        .replace("'", "\\u0027")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e"),
        shlex.quote(secret),
        base64.b64encode(secret.encode()).decode(),
        base64.urlsafe_b64encode(secret.encode()).decode(),
        base64.b64encode(secret.encode() + b" and more").decode(),
    ]


@pytest.mark.parametrize(
    "secret", ["plain-word", HARD, "a<b>&c'd", "ünïcode", "a b c d", "back\\slash", 'it\'s "quoted"']
)
def test_a_secret_is_hidden_in_every_way_it_is_printed(secret):
    forms = secrets.in_all_forms([secret])
    for text in printed(secret):
        assert secrets.hidden(f"<{text}>", forms).count("***") >= 1, text
        for tail in (secret, quote(secret, safe="")):
            assert tail not in secrets.hidden(text, forms)


def test_each_line_of_a_secret_of_several_lines_is_hidden():
    """A log is stamped line by line."""
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nend\n-----END KEY-----\n"
    text = "\x1eI-----BEGIN KEY-----\n\x1eIMIIEvQIBADANBgkqh\n\x1eIend"
    assert secrets.hidden(text, secrets.in_all_forms([key])) == "\x1eI***\n\x1eI***\n\x1eIend"


def test_words_too_short_to_hide_are_left():
    assert secrets.in_all_forms(["", "a", "ab"]) == []


def test_the_secrets_of_a_connection():
    fields = {
        "conn_type": "http",
        "login": "me",
        "password": "the-password",
        "host": "https://u:in-the-host@example.org",
        "extra": json.dumps(
            {
                "region": "eu-west-1",
                "api_key": "the-key",
                "keyfile_dict": json.dumps({"type": "service_account", "private_key": "PEM\nlines-of-it"}),
                "nested": [{"token": {"value": "deep-token", "n": 12345}}],
                "url": "amqp://x:p%40ss@mq",
            }
        ),
    }
    found = secrets.of_connection(fields)
    for one in ("the-password", "the-key", "in-the-host", "PEM\nlines-of-it", "deep-token", "12345", "p@ss", "p%40ss"):
        assert one in found, one
    assert base64.b64encode(b"me:the-password").decode() in found
    shown = {"me", "eu-west-1", "service_account", "http", "example.org"}
    assert shown.isdisjoint(found)
    forms = secrets.in_all_forms(found)
    assert forms == sorted(forms, key=len, reverse=True), "the longest first, so that none is hidden in part"


def test_an_extra_that_is_no_object_is_secret_as_a_whole():
    assert "some-words" in secrets.of_connection({"extra": "some-words"})
    assert secrets.of_connection({"conn_type": "http", "host": "h"}) == []


def test_the_secrets_of_a_variable():
    assert secrets.of_named("api_token", "abcdef") == ["abcdef"]
    assert secrets.of_named("bucket", "abcdef") == []
    assert "x-y-z" in secrets.of_named("config", '{"db": {"password": "x-y-z", "host": "h-h-h"}}')
    assert "h-h-h" not in secrets.of_named("config", '{"db": {"password": "x-y-z", "host": "h-h-h"}}')
    assert set(secrets.of_named("dsn", "postgresql://me:word@host/db")) == {"word"}
    assert secrets.of_named("token", None) == []
    assert secrets.of_named("token", "[" * 5000) == ["[" * 5000]


def test_plain_data_is_cleaned_in_its_texts_and_not_in_its_keys():
    data = {"word": ["a word here", {"n": 1, "word": "word"}], "none": None}
    assert secrets.hidden_in(data, ["word"]) == {"word": ["a *** here", {"n": 1, "word": "***"}], "none": None}
