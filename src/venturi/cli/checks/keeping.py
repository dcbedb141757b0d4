"""What is kept: the home and its settings, the database, the key that seals, and the clock it is dated by."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from ...config import settings_of
from ...core.errors import SealError, StoreError, WrongSchema
from . import ERROR, OK, WARNING, Found, Patient

AHEAD_S = 60.0  # an event this far ahead was written by another clock


def settings(patient: Patient) -> Iterator[Found]:
    unknown = []
    said = []
    for one in settings_of(patient.home):
        if one.source == "unknown":
            unknown.append(one.name)
        elif one.source != "default":
            said.append(one.name)
    if unknown:
        file = patient.home.own / "venturi.toml"
        mend = "Correct or remove it; the known ones: venturi config ls"
        yield Found("settings", WARNING, f"{file} says {', '.join(unknown)}, which means nothing.", mend)
    yield Found("settings", OK, f"{len(said)} set: {', '.join(said)}" if said else "all as they come")


def home(patient: Patient) -> Iterator[Found]:
    own = patient.home.own
    if not own.exists():
        yield Found("home", OK, f"{own} is made at the first start")
        return
    mode = stat.S_IMODE(own.stat().st_mode)
    if own.stat().st_uid != os.getuid():
        mend = f"Run Venturi as user {own.stat().st_uid}, or choose another home."
        yield Found("home", ERROR, f"{own} belongs to another user.", mend)
    elif not os.access(own, os.W_OK | os.X_OK):
        yield Found("home", ERROR, f"{own} cannot be written to.", f"chmod u+rwx {own}")
    elif mode & 0o077:
        yield Found("home", WARNING, f"{own} is open to other users of this machine.", f"chmod 700 {own}")
    else:
        yield Found("home", OK, str(own))


def database(patient: Patient) -> Iterator[Found]:
    from ...store.airflow_database import in_words
    from ...store.copying import damage

    address = patient.config.database_url or patient.home.database
    place = in_words(str(address))
    if not patient.has_database:
        yield Found("database", OK, f"{place} is made at the first start")
        return
    try:
        with patient.reader() as reader:
            last = reader.last_event()
        found = damage(address)
    except WrongSchema as error:
        yield Found("database", ERROR, str(error), "venturi db migrate" if error.parts.get("found") else "")
        return
    except StoreError as error:
        mend = "Is the server up, and VENTURI_DATABASE_URL right?" if "://" in place else "venturi restore FILE"
        yield Found("database", ERROR, str(error), mend)
        return
    if found is not None:
        yield Found("database", ERROR, f"{place} is damaged: {found}.", "Restore a copy: venturi restore FILE")
        return
    yield Found("database", OK, f"{place}, {last:,} events")


def sealing_key(patient: Patient) -> Iterator[Found]:
    wrong = [file for file in (patient.home.sealing_key, patient.home.token) if _is_open_to_others(file)]
    for file in wrong:
        yield Found("sealing key", ERROR, f"{file} can be read by other users.", f"chmod 600 {file}")
    if wrong or not patient.has_database:
        return
    n = 0
    try:
        with patient.reader() as reader:
            for row in reader.connections():
                reader.connection(row.conn_id)
                n += 1
            for variable in reader.variables():
                reader.variable(variable.key)
                n += 1
    except SealError as error:
        mend = f"Put the copy of {patient.home.sealing_key.name} back that belongs to this database."
        yield Found("sealing key", ERROR, str(error), mend)
        return
    yield Found("sealing key", OK, f"{n} connections and variables open" if n else "nothing is sealed yet")


def _is_open_to_others(file: Path) -> bool:
    return file.exists() and bool(stat.S_IMODE(file.stat().st_mode) & 0o077)


def clock(patient: Patient) -> Iterator[Found]:
    if not patient.has_database:
        return
    with patient.reader() as reader:
        last = reader.events_after(reader.last_event() - 1, 1)
    ahead_s = last[0].at - now() if last else 0.0
    if ahead_s > AHEAD_S:
        says = f"The clock is {ahead_s:,.0f} s behind what was written last."
        yield Found("clock", ERROR, says, "Set the clock right (timedatectl); until then nothing is due.")
    else:
        yield Found("clock", OK, "not behind what was written last")


def now() -> float:
    return time.time()
