"""`EmailOperator`: one mail; `SmtpHook` for files that send by themselves. How mail leaves is said in `sdk.mail`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from .. import mail
from ..connections import BaseHook
from ..operator import BaseOperator


class EmailOperator(BaseOperator):
    """Sends a mail over the server that is named, else into the outbox of the home."""

    template_fields: Collection[str] = (
        *("to", "from_email", "subject", "html_content", "files", "cc", "bcc"),
        *("mime_subtype", "mime_charset", "conn_id"),
    )
    template_ext: Sequence[str] = (".html",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"html_content": "html"}
    ui_color = "#e6faf9"

    def __init__(
        self,
        *,
        to: list[str] | str,
        subject: str | None = None,
        html_content: str | None = None,
        from_email: str | None = None,
        files: list[Any] | None = None,
        cc: list[str] | str | None = None,
        bcc: list[str] | str | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        conn_id: str | None = None,
        custom_headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to, self.subject, self.html_content, self.from_email = to, subject or "", html_content or "", from_email
        self.files, self.cc, self.bcc = list(files or []), cc, bcc
        self.mime_subtype, self.mime_charset = mime_subtype, mime_charset
        self.conn_id, self.custom_headers = conn_id, custom_headers

    def execute(self, context: Any) -> None:
        sent = mail.send(
            self.to,
            self.subject,
            self.html_content,
            self.files,
            self.cc,
            self.bcc,
            sender=self.from_email,
            conn_id=self.conn_id,
            subtype=self.mime_subtype,
            charset=self.mime_charset,
            headers=self.custom_headers,
        )
        if sent.is_kept:
            self.log.info("No mail server is named, so the mail to %s is kept in %s", _names(sent), sent.place)
        else:
            self.log.info("Sent to %s by %s", _names(sent), sent.place)


def _names(sent: mail.Sent) -> str:
    return ", ".join(sent.recipients)


class SmtpHook(BaseHook):
    """`with SmtpHook("smtp_default") as hook: hook.send_email_smtp(to=…, subject=…, html_content=…)`."""

    conn_name_attr = "smtp_conn_id"
    default_conn_name = mail.CONNECTION
    conn_type = "smtp"
    hook_name = "SMTP"

    def __init__(self, smtp_conn_id: str = default_conn_name, auth_type: str = "basic") -> None:
        super().__init__()
        self.smtp_conn_id = smtp_conn_id

    def __enter__(self) -> SmtpHook:
        return self

    def __exit__(self, *_: Any) -> None:
        """Each mail has a session of its own."""

    def get_conn(self) -> SmtpHook:
        return self

    def test_connection(self) -> tuple[bool, str]:
        """A session and the login, and no mail."""
        try:
            place = mail.try_server(self.smtp_conn_id)
        except Exception as error:
            return False, str(error)
        return True, f"{place} takes mail."

    def send_email_smtp(
        self,
        *,
        to: str | list[str],
        subject: str | None = None,
        html_content: str | None = None,
        from_email: str | None = None,
        files: list[str] | None = None,
        dryrun: bool = False,
        cc: str | list[str] | None = None,
        bcc: str | list[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        custom_headers: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if dryrun:
            return
        mail.send(
            to,
            subject or "",
            html_content or "",
            files,
            cc,
            bcc,
            sender=from_email,
            conn_id=self.smtp_conn_id,
            subtype=mime_subtype,
            charset=mime_charset,
            headers=custom_headers,
        )
