"""EmailOperator: over SMTP where a server is named, else into the outbox."""

import email
import email.policy
import socket
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from venturi.config import find_home

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.email_operator import EmailOperator

dag = DAG("d", default_args={"start_date": datetime(2024, 1, 1), "owner": "me"}, schedule_interval=None)
EmailOperator(task_id="t", to=["a@example.com", ""], subject="Done on {{ ds }}", html_content="<b>{{ ti.task_id }}</b>",
              cc="c@example.com", files=["report {{ ds }}.csv"], dag=dag)
"""


class Kept:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 kept"


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("VENTURI_HOME", "AIRFLOW_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VENTURI_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report 2024-02-03.csv").write_text("1,2\n")
    return find_home()


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def test_mail_goes_to_the_server_that_the_connection_names(running, home):
    kept = Kept()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    try:
        running.connection("smtp_default", conn_type="smtp", host="127.0.0.1", port=port, extra='{"disable_ssl": true}')
        result = running(FILE, logical_date="2024-02-03")
    finally:
        server.stop()
    assert result.state == "success", result.errors
    (envelope,) = kept.mails
    assert envelope.rcpt_tos == ["a@example.com", "c@example.com"]
    message = parsed(envelope.content)
    assert message["Subject"] == "Done on 2024-02-03"
    assert message.get_body(("html",)).get_content().strip() == "<b>t</b>"
    assert [part.get_filename() for part in message.iter_attachments()] == ["report 2024-02-03.csv"]


def test_without_a_server_it_is_kept_in_the_outbox(running, home, caplog):
    # S5.34, S5.35
    caplog.set_level("INFO")
    result = running(FILE, logical_date="2024-02-03")
    assert result.state == "success", result.errors
    (file,) = (home.own / "outbox").glob("*.eml")
    assert parsed(file.read_bytes())["To"] == "a@example.com"
    assert any(str(file) in line for line in caplog.messages)


def test_a_server_that_does_not_answer_fails_the_task_and_is_named(running, home):
    running.connection("smtp_default", conn_type="smtp", host="127.0.0.1", port=1, extra='{"disable_ssl": true}')
    result = running(FILE, logical_date="2024-02-03")
    assert "127.0.0.1:1" in result.errors["t", -1]["message"]


def test_no_recipient_is_an_error(running, home):
    result = running(
        FILE.replace('"a@example.com", ""', '""').replace('cc="c@example.com", ', ""), logical_date="2024-02-03"
    )
    assert "no recipient" in result.errors["t", -1]["message"]


def test_the_hook_sends_too(running, home):
    result = running("""
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.smtp.hooks.smtp import SmtpHook

def send():
    with SmtpHook() as hook:
        hook.send_email_smtp(to="x@example.com", subject="s", html_content="h")

with DAG("d", schedule=None):
    PythonOperator(task_id="t", python_callable=send)
""")
    assert result.state == "success", result.errors
    assert len(list(Path(home.own, "outbox").glob("*.eml"))) == 1
