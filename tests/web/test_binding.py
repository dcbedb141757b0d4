"""How the web process is reached from elsewhere: what that takes, TLS, proxies; and the account of the image."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from venturi.config import Config, Home
from venturi.store import open_store
from venturi.store.accounts import By
from venturi.web import binding, passwords
from venturi.web.hosts import Hosts

from ..cli.conftest import Place, until
from .test_web import Web

BY = By("the tests", "here")
PASSWORD = "three small boats at noon"
PATIENCE_S = 60


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """For `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


def with_account(home: Home) -> None:
    home.make()
    with open_store(home.database, create=True, key_file=home.sealing_key) as store:
        store.accounts.create("ann", "admin", passwords.hashed(PASSWORD), BY)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", tmp_path / "home")


# ── what it takes ──


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_on_loopback_it_takes_nothing(home, host):
    assert binding.objection(home, Config(host=host)) is None
    assert not home.database.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "flow.example"])
def test_elsewhere_it_takes_an_account_and_tls(tmp_path, home, host):
    both = binding.objection(home, Config(host=host))
    assert "venturi users create" in both
    assert "--tls-cert" in both
    cert, key = (str(file) for file in make_certificate(tmp_path, "one"))
    for config in (Config(host=host, tls_cert=cert, tls_key=key), Config(host=host, behind_proxy=True)):
        alone = binding.objection(home, config)
        assert "venturi users create" in alone
        assert "--tls-cert" not in alone
    with_account(home)
    assert "venturi users" not in binding.objection(home, Config(host=host))
    assert binding.objection(home, Config(host=host, tls_cert=cert, tls_key=key)) is None
    assert binding.objection(home, Config(host=host, behind_proxy=True)) is None


def test_an_account_that_is_disabled_is_none(home):
    with_account(home)
    with open_store(home.database, create=False, key_file=home.sealing_key) as store:
        store.accounts.set_disabled("ann", True, BY)
    assert "venturi users create" in binding.objection(home, Config(host="0.0.0.0", behind_proxy=True))


def test_a_certificate_that_cannot_be_used_is_said_at_once(tmp_path, home):
    one, other = make_certificate(tmp_path, "one"), make_certificate(tmp_path, "other")
    missing = Config(tls_cert=str(tmp_path / "none.pem"), tls_key=str(one[1]))
    assert "No such file" in binding.objection(home, missing)
    assert "belong together" in binding.objection(home, Config(tls_cert=str(one[0]), tls_key=str(other[1])))
    assert "no certificate" in binding.objection(home, Config(tls_cert=str(one[0])))
    assert "--tls-cert" in binding.objection(home, Config(tls_key=str(one[1])))


def test_the_options_go_from_process_to_process_as_they_were_given():
    import argparse

    parser = argparse.ArgumentParser()
    binding.add_to(parser)
    said = {"host": "::", "tls_cert": "c", "tls_key": "k", "behind_proxy": True}
    assert binding.given(parser.parse_args(binding.words(said))) == said
    assert binding.given(parser.parse_args([])) == dict.fromkeys(said)  # and so leave the settings alone


# ── names and proxies ──


def scope(**headers: str) -> dict[str, object]:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "client": ("192.0.2.9", 1), "headers": given}


@pytest.mark.parametrize(
    ("config", "host", "ours"),
    [
        (Config(), "192.0.2.1", False),
        (Config(host="0.0.0.0"), "192.0.2.1:8080", True),
        (Config(host="0.0.0.0"), "[2001:db8::1]:8080", True),
        (Config(host="0.0.0.0"), "evil.test", False),
        (Config(host="0.0.0.0"), "192.0.2.1.evil.test", False),
        (Config(host="0.0.0.0", allowed_hosts="flow.example"), "Flow.Example:443", True),
        (Config(host="flow.example"), "flow.example", True),
    ],
)
def test_which_names_are_answered(config, host, ours):
    assert Hosts(config).are_ours(scope(host=host)) is ours


def test_a_proxy_is_believed_only_where_there_is_one():
    asked = scope(
        host="inside:8080",
        x_forwarded_proto="https",
        x_forwarded_host="flow.example",
        x_forwarded_for="203.0.113.66, 203.0.113.7",  # the first is what was sent to the proxy
    )
    assert Hosts(Config()).asked(asked) == asked
    behind = Hosts(Config(behind_proxy=True, allowed_hosts="flow.example"))
    seen = behind.asked(asked)
    assert (seen["scheme"], seen["client"]) == ("https", ("203.0.113.7", 0))
    assert (b"host", b"flow.example") in seen["headers"]
    assert behind.are_ours(seen)
    assert not behind.are_ours(behind.asked(scope(host="inside", x_forwarded_host="evil.test")))
    nonsense = behind.asked(scope(host="localhost", x_forwarded_proto="gopher", x_forwarded_for="nobody\r\n"))
    assert (nonsense["scheme"], nonsense["client"]) == ("http", ("192.0.2.9", 1))


def sign_in(link: http.client.HTTPConnection, **headers: str) -> http.client.HTTPResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"username": "ann", "password": PASSWORD})
    link.request("POST", "/api/venturi/v1/sign-in", body, {"Content-Type": "application/json", **given})
    answer = link.getresponse()
    answer.read()
    return answer


def test_behind_a_proxy_that_speaks_tls_the_cookie_is_for_tls_alone(tmp_path, home):
    with_account(home)
    web = Web(home.root, VENTURI_BEHIND_PROXY="1", VENTURI_ALLOWED_HOSTS="flow.example")
    try:
        link = http.client.HTTPConnection(*web.listener.getsockname(), timeout=PATIENCE_S)
        proxied = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "flow.example", "X_Forwarded_For": "203.0.113.7"}
        answer = sign_in(link, **proxied, Origin="https://flow.example")
        assert answer.status == 200
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-venturi=")
        assert "Secure" in cookie
        assert sign_in(link, **proxied, Origin="http://flow.example").status == 403
        assert sign_in(link, **proxied, Origin="https://evil.test").status == 403
        assert "Secure" not in sign_in(link).headers["set-cookie"]
    finally:
        web.end()
    with open_store(home.database, create=False) as store:
        assert "203.0.113.7" in {row.origin for row in store.accounts.audit()}


# ── TLS ──


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.end()


def test_up_speaks_tls_when_others_may_come_in_and_over_a_restart(tmp_path, place):
    refused = place("up", "-D", "--port", "0", "--host", "0.0.0.0", "--json")
    assert (refused.status, refused.json["error"]["code"]) == (2, "not_safe")
    made = place("users", "create", "ann", "--role", "admin", "--password-stdin", given=PASSWORD)
    assert made.status == 0, made.err
    cert, key = make_certificate(tmp_path, "one")
    said = place.up("--host", "0.0.0.0", "--tls-cert", str(cert), "--tls-key", str(key))
    assert said.status == 0, said.err
    url = said.json["url"]
    assert url.startswith("https://localhost:")
    port = int(url.rpartition(":")[2])
    link = http.client.HTTPSConnection(
        "localhost", port, timeout=PATIENCE_S, context=ssl.create_default_context(cafile=str(cert))
    )
    answer = sign_in(link, Origin=url)
    assert answer.status == 200
    assert answer.headers["set-cookie"].startswith("__Host-venturi=")
    assert "Secure" in answer.headers["set-cookie"]
    assert place("login").out.startswith(f"{url}/login?token=")
    assert place("restart", "--json").json["url"] == url
    link.close()
    assert sign_in(link, Origin=url).status == 200

    other, other_key = make_certificate(tmp_path, "other")
    os.replace(other_key, key)
    os.replace(other, cert)

    def renewed() -> bool:
        trusting = ssl.create_default_context(cafile=str(cert))
        again = http.client.HTTPSConnection("localhost", port, timeout=PATIENCE_S, context=trusting)
        try:
            return sign_in(again).status == 200
        except ssl.SSLError:
            return False
        finally:
            again.close()

    until(renewed, "the certificate that is there now is shown")
    assert place("down").status == 0


def test_a_setting_in_the_homes_file_is_as_an_option(place):
    (place.home.root / "venturi.toml").write_text('host = "0.0.0.0"\nbehind_proxy = true\n')
    said = place("up", "-D", "--port", "0")
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert "venturi users create" in said.err


# ── the image ──


def first_account(home: Home, *url: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("_AIRFLOW_WWW")}
    return subprocess.run(
        [sys.executable, "-m", "venturi.web.first_account", *url],
        env={**environment, "VENTURI_HOME": str(home.root), **more},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def accounts_of(home: Home) -> dict[str, tuple[str, bool]]:
    with open_store(home.database, create=False) as store:
        return {one.name: (one.role, one.password is not None) for one in store.accounts.accounts()}


def test_the_image_takes_airflows_first_account_with_a_warning(home):
    given = {"_AIRFLOW_WWW_USER_USERNAME": "airflow", "_AIRFLOW_WWW_USER_PASSWORD": "airflow"}
    done = first_account(home, "http://localhost:8080", **given)
    assert done.returncode == 0
    assert "Warning" in done.stderr
    assert "/login?token=" not in done.stderr
    assert accounts_of(home) == {"airflow": ("admin", True)}
    again = first_account(home, "http://localhost:8080", **{**given, "_AIRFLOW_WWW_USER_PASSWORD": "another"})
    assert (again.returncode, again.stderr) == (0, "")  # what is there stays


def test_without_one_the_images_log_has_a_link_that_signs_in_once(home):
    done = first_account(home, "http://localhost:8080")
    token = done.stderr.partition("http://localhost:8080/login?token=")[2].split()[0]
    assert accounts_of(home) == {"admin": ("admin", False)}
    assert binding.objection(home, Config(host="0.0.0.0", behind_proxy=True)) is None
    with open_store(home.database, create=False) as store:
        assert store.accounts.link_taken(token) == "admin"
        assert store.accounts.link_taken(token) is None
    assert first_account(home).stderr == ""  # beside another container no link is made


@pytest.mark.parametrize(
    "given",
    [
        {"_AIRFLOW_WWW_USER_USERNAME": "airflow"},
        {"_AIRFLOW_WWW_USER_USERNAME": "a:b", "_AIRFLOW_WWW_USER_PASSWORD": "x"},
        {"_AIRFLOW_WWW_USER_USERNAME": "a", "_AIRFLOW_WWW_USER_PASSWORD": "x", "_AIRFLOW_WWW_USER_ROLE": "King"},
    ],
)
def test_half_an_account_is_refused_in_one_sentence(home, given):
    done = first_account(home, "http://localhost:8080", **given)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert accounts_of(home) == {}


def test_health_is_answered_on_airflows_port_of_schedulers_too(home):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    web = Web(home.root, VENTURI_HEALTH_PORT=str(port))
    try:
        assert web.get("/health")[0] == 200

        def asked(path: str) -> tuple[int, bytes] | None:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
            try:
                link.request("GET", path)
                answer = link.getresponse()
                return answer.status, answer.read()
            except ConnectionRefusedError:
                return None
            finally:
                link.close()

        status, body = until(lambda: asked("/health"), "the port answers")
        assert status == 503  # no engine: a health check by `curl --fail` fails
        assert json.loads(body)["scheduler"]["status"] == "unhealthy"
        assert asked("/api/v2/dags")[0] == 404
    finally:
        web.end()
