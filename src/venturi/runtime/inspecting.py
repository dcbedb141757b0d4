"""What can be said of a DAG file from its text alone: credentials written in it, names of Airflow that are not there.

Owns the reading of the syntax tree for `venturi check`. Runs nothing of the author's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple


class Finding(NamedTuple):
    line: int
    message: str


class Name(NamedTuple):
    """A name under `airflow` that the file takes."""

    path: str
    line: int
    is_optional: bool  # inside a function or a `try`: the file may be read without it


# ── credentials ──────────────────────────────────────────────────────────────────────────────────────────

# By their form: what it is, and how it looks.
_FORMS = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})")),
    ("a GitLab token", re.compile(r"\bglpat-[\w-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+")),
    ("a Google API key", re.compile(r"\bAIza[\w-]{35}\b")),
    ("an API key", re.compile(r"\bsk-[A-Za-z0-9_-]{20,}\b")),
    ("a signed token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@{}<>]+:(?P<value>[^/\s@]{3,})@")),
    (
        "a password in a command",
        re.compile(r"(?:^|\s)--?(?:password|passwd|token|secret|api[-_]key)[= ](?P<value>[^\s'\"-][^\s'\"]{3,})"),
    ),
)
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pwd|secret|token|api_?key|apikey|access_?key(?:_id)?|secret_?key|"
    r"private_?key|credentials?|auth_?key|client_?secret|account_?key)$"
)
# A name that says where a secret is, and not what it is.
_ABOUT_A_SECRET = re.compile(r"(?:_conn_id|_path|_file|_name|_url|_uri|_type|_field|_column|_env|_var|_arn)$")
_PLACEHOLDER = re.compile(
    r"^$|[<>{}$%*…]|\.\.\.|^(?:x+|y+|none|null|true|false|test|todo|tbd|dummy|fake|example|secret|password|token|"
    r"changeme|change_me|redacted|masked|airflow|key|my_?\w*|your[\w -]*|enter[\w -]*|add[_ -][\w -]*|insert[\w -]*|"
    r"put[_ -][\w -]*|replace[\w -]*|set[_ -][\w -]*)$",
    re.IGNORECASE,
)
_DOUBTFUL_CHARS_MIN = 5


def credentials(tree: ast.AST) -> list[Finding]:
    """Secrets that stand in the file, each masked: by their form, or by the name they are given under."""
    return sorted(finding for finding, _ in _secrets(tree))


def without_credentials(text: str, tree: ast.AST) -> str:
    """What is told of the file, with its secrets masked: an exception likes to quote what failed."""
    for value in sorted((value for _, value in _secrets(tree)), key=len, reverse=True):
        text = text.replace(value, masked(value))
    return text


def _secrets(tree: ast.AST) -> list[tuple[Finding, str]]:
    found: dict[tuple[int, str], tuple[Finding, str]] = {}
    for name, text in _named_texts(tree):
        if _is_secret(name, text.value):
            what = f"'{name}' is written in the file ({masked(text.value)})"
            found.setdefault((text.lineno, text.value), (Finding(text.lineno, _advice(what)), text.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for kind, form in _FORMS:
                match = form.search(node.value)
                if match is None or (node.lineno, node.value) in found:
                    continue
                value = match.groupdict().get("value") or match.group()
                if not _PLACEHOLDER.search(value):
                    line = node.lineno + node.value.count("\n", 0, match.start())
                    finding = Finding(line, _advice(f"It holds {kind} ({masked(value)})"))
                    found[node.lineno, node.value] = (finding, value)
    return list(found.values())


def _advice(what: str) -> str:
    return f"{what}. Keep it in a connection or a variable, and take it from there in the task."


def masked(secret: str) -> str:
    return f"{secret[:2]}***" if len(secret) > 8 else "***"


def _is_secret(name: str, value: str) -> bool:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").lower()
    if not _SECRET_NAME.search(plain) or _ABOUT_A_SECRET.search(plain):
        return False
    spoken = " " in value.strip() or plain in value.lower() or value.lower() in plain
    return len(value) >= _DOUBTFUL_CHARS_MIN and not spoken and not _PLACEHOLDER.search(value)


class _Text(NamedTuple):
    value: str
    lineno: int


def _named_texts(tree: ast.AST) -> Iterator[tuple[str, _Text]]:
    """Every literal text that is given a name: assigned, passed by keyword, or under a key of a dict."""
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr | str, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.keyword) and node.arg:
            pairs = [(node.arg, node.value)]
        elif isinstance(node, ast.Dict):
            pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None]
        for key, value in pairs:
            name = _name_of(key)
            if name and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield name, _Text(value.value, value.lineno)


def _name_of(key: ast.expr | str) -> str | None:
    if isinstance(key, str):
        return key
    if isinstance(key, ast.Name):
        return key.id
    if isinstance(key, ast.Attribute):
        return key.attr
    if isinstance(key, ast.Subscript):
        return _name_of(key.slice)
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


# ── names of Airflow ─────────────────────────────────────────────────────────────────────────────────────


def airflow_names(tree: ast.AST) -> list[Name]:
    """Every name under `airflow` that the file imports or reaches by attribute, in its order."""
    found: list[Name] = []

    def walk(node: ast.AST, optional: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend(Name(a.name, child.lineno, optional) for a in child.names if _is_airflow(a.name))
            elif isinstance(child, ast.ImportFrom):
                if not child.level and _is_airflow(child.module or ""):
                    found.extend(
                        Name(f"{child.module}.{a.name}", child.lineno, optional) for a in child.names if a.name != "*"
                    )
            elif isinstance(child, ast.Attribute):
                path = _dotted(child)
                if path is not None and path.startswith("airflow."):
                    found.append(Name(path, child.lineno, optional))
                    continue
                walk(child, optional)
            else:
                inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Try))
                walk(child, optional or inner)

    walk(tree, False)
    return found


def _is_airflow(module: str) -> bool:
    return module == "airflow" or module.startswith("airflow.")


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def makes_dags(tree: ast.AST) -> int | None:
    """The line on which the file makes, or means to make, a DAG."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        for one in (called, *(d.func if isinstance(d, ast.Call) else d for d in decorators)):
            if isinstance(one, (ast.Name, ast.Attribute)) and _name_of(one) in ("DAG", "dag"):
                return getattr(node, "lineno", None)
    return None
