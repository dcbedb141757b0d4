"""How the web process is reached: where it listens, by TLS or not, behind a proxy or not; and whether that is safe.

Owns these options' way from process to process, and what must hold before others than this machine may come in.
Imports the standard library alone: `up` lives with it.
"""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Mapping
from typing import Any

from ..config import Config, Home

OPTIONS = ("host", "tls_cert", "tls_key")
SWITCHES = ("behind_proxy",)


def add_to(parser: argparse.ArgumentParser) -> None:
    for name in OPTIONS:
        parser.add_argument(_flag(name))
    for name in SWITCHES:
        parser.add_argument(_flag(name), action="store_true", default=None)


def given(options: argparse.Namespace) -> dict[str, Any]:
    """For `read_config`; what was not said is None."""
    return {name: getattr(options, name) for name in (*OPTIONS, *SWITCHES)}


def words(said: Mapping[str, Any]) -> list[str]:
    """The same options again, for the next process."""
    named = [word for name in OPTIONS if said.get(name) is not None for word in (_flag(name), str(said[name]))]
    return [*named, *(_flag(name) for name in SWITCHES if said.get(name))]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url(config: Config, host: str, port: int) -> str:
    """As it is typed on this machine."""
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    return f"{'https' if config.tls_cert else 'http'}://{f'[{shown}]' if ':' in shown else shown}:{port}"


def objection(home: Home, config: Config) -> str | None:
    """Why it must not listen so, in a sentence that says what to type."""
    wrong = _wrong_certificate(config)
    if wrong is not None or is_loopback(config.host):
        return wrong
    missing = []
    if not _has_account(home, config):
        missing.append("an account (venturi users create NAME --role admin)")
    if not config.tls_cert and not config.behind_proxy:
        missing.append("TLS (--tls-cert FILE --tls-key FILE, or --behind-proxy where something in front speaks it)")
    if not missing:
        return None
    return f"Others than this machine reach {config.host}, and that needs {' and '.join(missing)}."


def _wrong_certificate(config: Config) -> str | None:
    if not config.tls_cert:
        return "Of which certificate is the key? Say it with: --tls-cert FILE" if config.tls_key else None
    import ssl

    try:
        # An encrypted key is not asked for: nobody would answer at the next start.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(config.tls_cert, config.tls_key, password=str)
    except ssl.SSLError as error:
        reason = "they do not belong together" if "MISMATCH" in str(error) else "they are no certificate and key in PEM"
        return (
            f"{config.tls_cert} and {config.tls_key or 'the key in it'} cannot be used: {reason}, without a password."
        )
    except OSError as error:
        return f"{config.tls_cert} or {config.tls_key or 'the key in it'} cannot be read: {error.strerror}."
    return None


def _has_account(home: Home, config: Config) -> bool:
    from ..store import open_store

    home.make()
    with open_store(config.database_url or home.database, create=True, key_file=home.sealing_key) as store:
        return any(not account.disabled for account in store.accounts.accounts())
