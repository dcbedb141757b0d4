"""`airflow variables …`, in 1.10's form by options as well."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from ...core.errors import BadFile
from ...sdk import settings_files
from ..printing import COULD_NOT_START, SUCCESS, fail
from ..settings import opened_store
from . import At, files, rows


def ls(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        keys = [row.key for row in store.variables()]
        values = {key: store.variable(key) for key in keys} if given.show_values else {}
    lines = [{"key": key, **({"value": values[key]} if given.show_values else {})} for key in keys]
    rows.show(lines, given.output, ("key", "value") if given.show_values else ("key",))
    return SUCCESS


def get(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        found = store.variable(given.key)
    if found is None:
        if given.default is None:
            fail(f"There is no variable '{given.key}'. List them with: airflow variables list", code="no_such_variable")
        found = given.default
    if given.json:
        try:
            found = json.dumps(json.loads(found), ensure_ascii=False)
        except ValueError:
            fail(f"Variable '{given.key}' is no JSON.", code="bad_value")
    print(found)
    return SUCCESS


def set_(at: At, given: Namespace) -> int:
    value = json.dumps(given.value, ensure_ascii=False) if given.json else given.value
    with opened_store(at.home, create=True) as store:
        store_has = given.key in [row.key for row in store.variables()]
    options = ["--description", given.description] if given.description else []
    at.verb("variables", "set", *options, "--", given.key, value)
    print(f"Variable {given.key} {'updated' if store_has else 'created'}")
    return SUCCESS


def delete(at: At, given: Namespace) -> int:
    at.verb("variables", "rm", given.key)
    print(f"Variable {given.key} deleted")
    return SUCCESS


def import_(at: At, given: Namespace) -> int:
    what = given.action_on_existing_key or "overwrite"
    if what == "fail":
        try:
            wanted = settings_files.variables_in(given.file)
        except BadFile as error:
            fail(str(error), COULD_NOT_START, "bad_file")
        with opened_store(at.home, create=True) as store:
            there = sorted(wanted.keys() & {row.key for row in store.variables()})
        if there:
            fail(f"There already: {', '.join(there)}. Nothing was changed.", code="exists")
    told = at.verb("variables", "import", given.file, *(["--keep"] if what == "skip" else [])).data
    print(f"{len(told['set'])} of {len(told['set']) + told['kept']} variables successfully updated.")
    return SUCCESS


def export(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        found = {row.key: _opened(store.variable(row.key) or "") for row in store.variables()}
    text = files.written(found, "json")
    return files.put(given.file, text, f"{len(found)} variables successfully exported to {given.file}")


def _opened(text: str) -> Any:
    """A value that is JSON is exported as what it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def by_options(at: At, given: Namespace) -> int:
    """1.10: `-s KEY VALUE`, `-g KEY [-j] [-d VALUE]`, `-x KEY`, `-i FILE`, `-e FILE`; without any the keys."""
    if given.set:
        key, value = given.set
        return set_(at, Namespace(key=key, value=value, json=given.json, description=None))
    if given.get:
        return get(at, Namespace(key=given.get, json=given.json, default=given.default))
    if given.delete:
        return delete(at, Namespace(key=given.delete))
    if getattr(given, "import"):
        return import_(at, Namespace(file=getattr(given, "import"), action_on_existing_key=None))
    if given.export:
        return export(at, Namespace(file=given.export))
    with opened_store(at.home, create=True) as store:
        print("\n".join(row.key for row in store.variables()))
    return SUCCESS
