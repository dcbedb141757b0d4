"""Mail over TLS, with a login, and by the templates of the settings; against a real server with its own certificate."""

from __future__ import annotations

import datetime
import email
import email.policy
import ipaddress
import json
import socket
import ssl

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from venturi.sdk import mail
from venturi.sdk.exceptions import AirflowException
from venturi.testing import run_dag

from .loading import load


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and a certificate for 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail of a test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


class Kept:
    def __init__(self):
        self.mails, self.over_tls, self.users = [], [], []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.over_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 kept"

    def login(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ann", b"s3cret")
        self.users.append(data.login)
        return AuthResult(success=good, handled=False)


class Server(Controller):
    def _trigger_server(self):
        """It is up when it takes a connection; what it speaks is the test's business."""
        socket.create_connection((self.hostname, self.port), 5).close()


@pytest.fixture
def serve(certificate, monkeypatch, tmp_path):
    """Starts a server that speaks TLS from the first byte, or after STARTTLS."""
    monkeypatch.setenv("VENTURI_HOME", str(tmp_path / "home"))
    started = []

    def start(how):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        tls = {"ssl_context": context} if how == "ssl" else {"tls_context": context, "require_starttls": True}
        kept = Kept()
        server = Server(
            kept, hostname="127.0.0.1", port=port, authenticator=kept.login, auth_required=True,
            auth_require_tls=how != "ssl", **tls
        )  # fmt: skip
        server.start()
        started.append(server)
        kept.port = port
        return kept

    yield start
    for server in started:
        server.stop()


def by_settings(monkeypatch, port, how, password="s3cret"):
    told = {"HOST": "127.0.0.1", "PORT": port, "USER": "ann", "PASSWORD": password, "MAIL_FROM": "me@x.org"}
    told |= {"SSL": how == "ssl", "STARTTLS": how == "starttls", "RETRY_LIMIT": 1, "TIMEOUT": 10}
    for name, value in told.items():
        monkeypatch.setenv(f"AIRFLOW__SMTP__SMTP_{name}", str(value))


def by_connection(monkeypatch, port, how, password="s3cret", **extra):
    given = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "login": "ann", "password": password}
    extra |= {"disable_ssl": how != "ssl", "from_email": "me@x.org", "retry_limit": 1}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({**given, "extra": extra}))


@pytest.mark.parametrize("named", [by_settings, by_connection])
@pytest.mark.parametrize("how", ["ssl", "starttls"])
def test_a_login_and_a_mail_go_over_tls(how, named, serve, certificate, monkeypatch):
    kept = serve(how)
    named(monkeypatch, kept.port, how)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sent = mail.send("a@x.org", "S", "<b>x</b>")
    assert sent.place == f"127.0.0.1:{kept.port}"
    assert (kept.users, kept.over_tls) == ([b"ann"], [True])
    assert kept.mails[0]["From"] == "me@x.org"


@pytest.mark.parametrize("how", ["ssl", "starttls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_before_any_password(how, serve, monkeypatch):
    kept = serve(how)
    by_settings(monkeypatch, kept.port, how)
    with pytest.raises(AirflowException, match=r"certificate of the mail server .* is not trusted: self.signed"):
        mail.send("a@x.org", "S", "x")
    assert kept.users == []


@pytest.mark.parametrize("setting", ["AIRFLOW__EMAIL__SSL_CONTEXT", "AIRFLOW__SMTP_PROVIDER__SSL_CONTEXT", ""])
def test_the_check_of_the_certificate_is_left_out_on_request(setting, serve, monkeypatch):
    kept = serve("starttls")
    if setting:
        by_settings(monkeypatch, kept.port, "starttls")
        monkeypatch.setenv(setting, "none")
    else:
        by_connection(monkeypatch, kept.port, "starttls", ssl_context="none")
    mail.send("a@x.org", "S", "x")
    assert kept.over_tls == [True]


def test_another_word_for_the_check_is_refused(monkeypatch):
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("AIRFLOW__EMAIL__SSL_CONTEXT", "nobody")
    with pytest.raises(AirflowException, match="'default' or 'none', not 'nobody'"):
        mail.send("a@x.org", "S", "x")


def test_a_wrong_password_is_one_sentence_that_does_not_hold_it(serve, certificate, monkeypatch):
    kept = serve("starttls")
    by_settings(monkeypatch, kept.port, "starttls", password="wr0ng")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(AirflowException, match="refuses the login of 'ann': 535") as error:
        mail.send("a@x.org", "S", "x")
    assert "wr0ng" not in str(error.value)


def test_tls_from_the_first_byte_where_the_server_expects_starttls_is_explained(serve, monkeypatch):
    kept = serve("starttls")
    by_settings(monkeypatch, kept.port, "ssl")
    with pytest.raises(AirflowException, match=r"speaks no TLS from the first byte.*SMTP_SSL=False"):
        mail.send("a@x.org", "S", "x")


ALERTING = """
from airflow import DAG
from airflow.operators.python import PythonOperator
def bad():
    raise ValueError("5 < 6")
with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=bad, email="ops@x.org")
"""


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("EMAIL__SUBJECT_TEMPLATE", "EMAIL__HTML_CONTENT_TEMPLATE"),
        ("SMTP_PROVIDER__TEMPLATED_EMAIL_SUBJECT_PATH", "SMTP_PROVIDER__TEMPLATED_HTML_CONTENT_PATH"),
    ],
)
def test_an_alert_is_written_by_the_templates_of_the_settings(subject, body, serve, certificate, monkeypatch, tmp_path):
    kept = serve("starttls")
    by_settings(monkeypatch, kept.port, "starttls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    (tmp_path / "subject.txt").write_text("{{ ti.dag_id }} broke\n(try {{ try_number }} of {{ max_tries + 1 }})")
    (tmp_path / "body.html").write_text("<i>{{ ti.task_id }}</i>: {{ exception_html }}")
    monkeypatch.setenv(f"AIRFLOW__{subject}", str(tmp_path / "subject.txt"))
    monkeypatch.setenv(f"AIRFLOW__{body}", str(tmp_path / "body.html"))
    monkeypatch.delenv("AIRFLOW__SMTP__SMTP_MAIL_FROM")  # which would win
    monkeypatch.setenv("AIRFLOW__EMAIL__FROM_EMAIL", "Alerts <alerts@x.org>")
    run_dag(load(tmp_path, ALERTING).dag)
    (message,) = kept.mails
    assert message["Subject"] == "d broke (try 1 of 1)"
    assert message["From"] == "Alerts <alerts@x.org>"
    assert message.get_body(("html",)).get_content().strip() == "<i>t</i>: 5 &lt; 6"


def test_a_template_that_is_not_there_is_one_sentence(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("VENTURI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW__EMAIL__SUBJECT_TEMPLATE", str(tmp_path / "none.txt"))
    run_dag(load(tmp_path, ALERTING).dag)
    said = f"The mail template {tmp_path / 'none.txt'}, which [email] subject_template names, cannot be read"
    assert said in caplog.text
