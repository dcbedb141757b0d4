"""`airflow.utils.email`: sending a mail from one's own function, and the parts of it that wheels use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..sdk import mail

get_email_address_list = mail.addresses


def send_email(
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    dryrun: bool = False,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    conn_id: str | None = None,
    custom_headers: dict[str, Any] | None = None,
    from_email: str | None = None,
    **_: Any,
) -> None:
    if dryrun:
        return
    mail.send(
        to,
        subject,
        html_content,
        files,
        cc,
        bcc,
        sender=from_email,
        conn_id=conn_id,
        subtype=mime_subtype,
        charset=mime_charset,
        headers=custom_headers,
    )


send_email_smtp = send_email


def build_mime_message(
    mail_from: str | None,
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    custom_headers: dict[str, Any] | None = None,
) -> tuple[Any, list[str]]:
    """The message, and all its recipients."""
    message = mail.compose(mail_from or mail.SENDER, subject, html_content, mime_subtype, mime_charset)
    people, copies = mail.addresses(to), mail.addresses(cc)
    message["To"] = ", ".join(people)
    if copies:
        message["Cc"] = ", ".join(copies)
    for name, value in (custom_headers or {}).items():
        del message[name]
        message[name] = value
    for file in files or ():
        mail.attach(message, file)
    return message, [*people, *copies, *mail.addresses(bcc)]
