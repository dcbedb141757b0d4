"""Mail is sent to the server that is named, and kept in the home's outbox where none is."""

from __future__ import annotations

import email
import email.policy
import socket
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from venturi.sdk import mail
from venturi.sdk.exceptions import AirflowException, AirflowNotFoundException


class Kept:
    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VENTURI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def server():
    handler = Kept()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        handler.port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


def parsed(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)  # type: ignore[return-value]


def test_without_a_server_a_mail_is_kept_in_the_outbox(home):
    sent = mail.send(["a@x.org", ""], "Hello: it is\nDone", "<p>fine ✓</p>", bcc="c@x.org")
    assert sent.is_kept
    assert sent.recipients == ["a@x.org", "c@x.org"]
    (file,) = (home / "outbox").iterdir()
    assert str(file) == sent.place
    message = parsed(file.read_bytes())
    assert message["To"] == "a@x.org"
    assert message["Bcc"] == "c@x.org"
    assert message["Subject"] == "Hello: it is Done"
    assert "fine ✓" in message.get_body(("html",)).get_content()


def test_a_server_named_by_settings_gets_it(server, monkeypatch, home):
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_PORT", str(server.port))
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_MAIL_FROM", "me@x.org")
    report = Path(home.parent / "report.csv")
    report.write_text("a,b\n")
    sent = mail.send("a@x.org; b@x.org", "S", "<b>x</b>", [str(report)], cc="d@x.org", bcc=["e@x.org"])
    assert not sent.is_kept
    (envelope,) = server.envelopes
    assert envelope.mail_from == "me@x.org"
    assert envelope.rcpt_tos == ["a@x.org", "b@x.org", "d@x.org", "e@x.org"]
    message = parsed(envelope.content)
    assert message["Cc"] == "d@x.org"
    assert message["Bcc"] is None
    (part,) = message.iter_attachments()
    assert part.get_filename() == "report.csv"
    assert part.get_content() == "a,b\n"
    assert not (home / "outbox").exists()


def test_a_connection_wins_over_settings(server, monkeypatch):
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_PORT", "9")
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{server.port}/?disable_ssl=true&from_email=conn%40x.org"
    )
    mail.send("a@x.org", "S", "x")
    assert server.envelopes[0].mail_from == "conn@x.org"


def test_a_server_is_tried_without_a_mail(server, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_MINE", f"smtp://127.0.0.1:{server.port}/?disable_ssl=true")
    assert mail.try_server("mine") == f"127.0.0.1:{server.port}"
    monkeypatch.setenv("AIRFLOW_CONN_MINE", f"smtp://me:pw@127.0.0.1:{server.port}/?disable_ssl=true")
    with pytest.raises(Exception, match="AUTH"):
        mail.try_server("mine")
    assert server.envelopes == []


def test_a_server_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_PORT", "9")
    with pytest.raises(AirflowException, match=r"127\.0\.0\.1:9 could not be used"):
        mail.send("a@x.org", "S", "x")


def test_a_connection_asked_for_by_name_must_be_there():
    with pytest.raises(AirflowNotFoundException, match="mine"):
        mail.send("a@x.org", "S", "x", conn_id="mine")


def test_nobody_to_get_it_is_said():
    with pytest.raises(AirflowException, match="no recipient"):
        mail.send(["", "  "], "S", "x")
