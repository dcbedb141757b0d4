"""Sends mail: over SMTP where a server is named, else into a folder of the home where people can read it.

Owns the message's form and the settings it is sent by: the connection (`smtp_default`), else AIRFLOW__SMTP__*.
Knows no task; operators, callbacks and notifiers call `send`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..config import find_home
from .exceptions import AirflowException, AirflowNotFoundException
from .settings import conf

if TYPE_CHECKING:
    import smtplib
    from email.message import EmailMessage

    from .connections import Connection

CONNECTION = "smtp_default"
SENDER = "venturi@localhost"
OUTBOX = "outbox"  # folder of the home
TLS_FROM_THE_START = 465
# Where no server expects TLS from the first byte; elsewhere a connection that does not say gets it.
PLAIN_AT_FIRST = frozenset({25, 587, 1025, 2525})
RETRIES = 5

Addresses = str | Iterable[str] | None


class Sent(NamedTuple):
    """What became of a message."""

    recipients: list[str]
    place: str  # host:port of the server, or the file in the outbox
    is_kept: bool  # in the outbox, because no server is named


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    login: str | None = None
    password: str | None = None
    tls_at_start: bool = False
    starttls: bool = False
    timeout_s: float = 30.0
    retries: int = RETRIES
    sender: str | None = None
    checks_certificate: bool = True
    named_by: str = "AIRFLOW__SMTP__SMTP_HOST"


def send(
    to: Addresses,
    subject: str,
    html: str,
    files: Iterable[str] | None = None,
    cc: Addresses = None,
    bcc: Addresses = None,
    *,
    sender: str | None = None,
    conn_id: str | None = None,
    subtype: str = "mixed",
    charset: str = "utf-8",
    headers: Mapping[str, str] | None = None,
) -> Sent:
    """One message to all its recipients. Raises where a named server refuses it, or nobody is named to get it."""
    people, copies, hidden = addresses(to), addresses(cc), addresses(bcc)
    recipients = [*people, *copies, *hidden]
    if not recipients:
        raise AirflowException("The mail has no recipient: 'to' names none.")
    server = server_for(conn_id)
    told = sender or (server.sender if server else None) or _setting("email", "from_email")
    message = compose(told or _setting("smtp", "smtp_mail_from") or SENDER, subject, html, subtype, charset)
    message["To"] = ", ".join(people)
    if copies:
        message["Cc"] = ", ".join(copies)
    for name, value in (headers or {}).items():
        del message[name]
        message[name] = value
    for file in files or ():
        attach(message, os.fspath(file))
    if server is None:
        if hidden:
            message["Bcc"] = ", ".join(hidden)
        return Sent(recipients, _keep(message), True)
    _deliver(server, message, recipients)
    return Sent(recipients, f"{server.host}:{server.port}", False)


def addresses(given: Addresses) -> list[str]:
    """Of a list, or of one text with commas or semicolons; empty ones are left out."""
    if given is None:
        return []
    parts = re.split(r"\s*[,;]\s*", given) if isinstance(given, str) else [str(part) for part in given]
    return [part.strip() for part in parts if part and part.strip()]


# ── where to ─────────────────────────────────────────────────────────────────────────────────────────────


def server_for(conn_id: str | None = None) -> Server | None:
    """The server to send by; None where neither a connection nor a setting names one."""
    from .connections import get_connection

    try:
        connection: Connection | None = get_connection(conn_id or _setting("email", "email_conn_id") or CONNECTION)
    except AirflowNotFoundException:
        if conn_id is not None and conn_id != CONNECTION:
            raise
        connection = None
    if connection is not None and connection.host:
        return _of_connection(connection)
    host = _setting("smtp", "smtp_host")
    if host is None:
        return None
    return Server(
        host,
        conf.getint("smtp", "smtp_port", fallback=25),
        (connection.login if connection else None) or _setting("smtp", "smtp_user"),
        (connection.password if connection else None) or _setting("smtp", "smtp_password"),
        tls_at_start=conf.getboolean("smtp", "smtp_ssl", fallback=False),
        starttls=conf.getboolean("smtp", "smtp_starttls", fallback=True),
        timeout_s=conf.getfloat("smtp", "smtp_timeout", fallback=30.0),
        retries=conf.getint("smtp", "smtp_retry_limit", fallback=RETRIES),
        sender=_setting("smtp", "smtp_mail_from"),
        checks_certificate=_checks_certificate(None),
    )


def _of_connection(connection: Connection) -> Server:
    extra = connection.extra_dejson
    number = connection.port or TLS_FROM_THE_START
    tls = not _truth(extra["disable_ssl"]) if "disable_ssl" in extra else number not in PLAIN_AT_FIRST
    return Server(
        str(connection.host),
        number,
        connection.login,
        connection.password,
        tls_at_start=tls,
        starttls=not tls and not _truth(extra.get("disable_tls", False)),
        timeout_s=float(extra.get("timeout") or 30.0),
        retries=int(extra.get("retry_limit") or RETRIES),
        sender=extra.get("from_email"),
        checks_certificate=_checks_certificate(extra.get("ssl_context")),
        named_by=f"the connection '{connection.conn_id}'",
    )


def _checks_certificate(said: Any) -> bool:
    """By the word of the connection, else of the settings: "default" or "none"."""
    word = said or _setting("smtp_provider", "ssl_context") or _setting("email", "ssl_context") or "default"
    if str(word).lower() not in ("default", "none"):
        raise AirflowException(f"ssl_context of the mail server is 'default' or 'none', not '{word}'.")
    return str(word).lower() == "default"


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() in ("1", "t", "true", "yes", "on")


def _setting(section: str, key: str) -> str | None:
    found = conf.get(section, key, fallback=None)
    return str(found) if found else None


# ── the message ──────────────────────────────────────────────────────────────────────────────────────────


def compose(sender: str, subject: str, html: str, subtype: str, charset: str) -> EmailMessage:
    from email.message import EmailMessage
    from email.utils import formatdate, make_msgid

    made = EmailMessage()
    made["From"] = sender
    made["Subject"] = " ".join(str(subject).splitlines())
    made["Date"] = formatdate(localtime=True)
    made["Message-ID"] = make_msgid(domain="venturi")
    made.set_content(str(html), subtype="html", charset=charset)
    if subtype == "alternative":
        made.make_alternative()
    elif subtype == "related":
        made.make_related()
    else:
        made.make_mixed()
    return made


def attach(message: EmailMessage, file: str) -> None:
    import mimetypes

    kind, encoding = mimetypes.guess_type(file)
    main, _, sub = (kind if kind and not encoding else "application/octet-stream").partition("/")
    with open(file, "rb") as content:
        message.add_attachment(content.read(), maintype=main, subtype=sub, filename=os.path.basename(file))


def _keep(message: EmailMessage) -> str:
    """Into the outbox, one file a message, whole or not at all."""
    folder = find_home().own / OUTBOX
    folder.mkdir(parents=True, exist_ok=True)
    words = re.sub(r"[^\w.-]+", "-", str(message["Subject"])).strip("-")[:60]
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    path = folder / f"{moment}-{time.time_ns() % 1_000_000_000:09d}-{os.getpid()}-{words or 'mail'}.eml"
    parts = path.with_suffix(".part")
    parts.write_bytes(message.as_bytes())
    parts.rename(path)
    return str(path)


# ── over SMTP ────────────────────────────────────────────────────────────────────────────────────────────


def try_server(conn_id: str) -> str:
    """Where the server is, once it has let us in; raises where it does not."""
    server = server_for(conn_id)
    if server is None:
        raise AirflowException(f"The connection '{conn_id}' names no host.")
    _deliver(server, None, [])
    return f"{server.host}:{server.port}"


def _deliver(server: Server, message: EmailMessage | None, recipients: list[str]) -> None:
    """Without a message it is a try."""
    import smtplib
    import ssl

    place = f"{server.host}:{server.port}"
    for left in range(max(1, server.retries) - 1, -1, -1):
        try:
            with _session(server) as session:
                if server.login:
                    session.login(server.login, server.password or "")
                if message is not None:
                    session.send_message(message, to_addrs=recipients)
            return
        except (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError) as error:
            if not left:
                raise AirflowException(
                    f"The mail server {place} could not be used: {error}. It is named by {server.named_by}."
                ) from error
        except ssl.SSLCertVerificationError as error:
            raise AirflowException(
                f"The certificate of the mail server {place} is not trusted: {error.verify_message}. Name the file "
                "with its authority in SSL_CERT_FILE, or do without the check by AIRFLOW__EMAIL__SSL_CONTEXT=none."
            ) from error
        except ssl.SSLError as error:
            raise AirflowException(
                f"The mail server {place} speaks no TLS from the first byte: {error.reason}. Where it expects "
                'STARTTLS, say so: by "disable_ssl": true in the extra, or by AIRFLOW__SMTP__SMTP_SSL=False.'
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            said = (
                error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
            )
            raise AirflowException(
                f"The mail server {place} refuses the login of '{server.login}': {error.smtp_code} {said}."
            ) from error


def _session(server: Server) -> smtplib.SMTP:
    import smtplib
    import ssl

    context = ssl.create_default_context()
    if not server.checks_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if server.tls_at_start:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
    session = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
    if server.starttls:
        try:
            session.ehlo_or_helo_if_needed()
            # A server on this machine often speaks no TLS; to any other, a password or a mail never goes in the clear.
            if session.has_extn("starttls") or not _is_here(server.host):
                session.starttls(context=context)
        except BaseException:
            session.close()
            raise
    return session


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
