"""Every error Venturi raises on purpose: one tree, and the docstring of a class is its message.

    VenturiError
    ├── AuthoringError            the DAG file says something that cannot be
    │   ├── DagCycle
    │   ├── DuplicateTask
    │   ├── DuplicateDag
    │   ├── UnknownTask
    │   ├── NotImportable
    │   └── BadValue
    ├── BadFile                   a file of settings that cannot be read
    ├── NotWithout                some tasks of a DAG were chosen, and another one is needed
    ├── TimetableFailed           a timetable class of the author's own broke or hung
    ├── NoBackfill                a backfill that cannot be
    ├── BadParameter              a run was asked for with what the DAG's parameters do not allow
    ├── NotFound                  a DAG, run, task, variable or connection that is not there
    ├── Refused                   a request that the present state does not allow
    │   └── NothingToChange       everything is as it would be already
    ├── IllegalMove               a change of state that the table of moves does not hold
    ├── StoreError                the database did not do what was asked
    │   ├── GuardFailed
    │   ├── Conflict
    │   ├── EpochLost
    │   ├── WrongSchema
    │   ├── DatabaseLost
    │   └── SealError
    └── ProcessError              something between our processes
        ├── AlreadyRunning
        ├── NoEngine
        ├── EngineRefused
        ├── ProtocolError
        └── ConnectionLost

A message is made by formatting the class docstring with the keyword arguments given, so that one
sentence exists once and tests, logs and people all read the same one.
"""

from __future__ import annotations

from typing import Any


class VenturiError(Exception):
    """Something went wrong in Venturi."""

    def __init__(self, **parts: Any) -> None:
        self.parts = parts
        template = " ".join((type(self).__doc__ or "").split())
        super().__init__(template.format(**parts))


class AuthoringError(VenturiError):
    """{problem} ({file}, line {line}). {advice}"""


class DagCycle(AuthoringError):
    """DAG '{dag_id}' has a cycle: {path}. Remove one of these arrows."""


class DuplicateTask(AuthoringError):
    """Task id '{task_id}' is used twice in DAG '{dag_id}'. Give one of the two another task_id."""


class DuplicateDag(AuthoringError):
    """DAG id '{dag_id}' is already defined in {first_file}, which keeps it. Rename the one in {file}."""


class UnknownTask(AuthoringError):
    """DAG '{dag_id}' has no task '{task_id}'. It has: {known}."""


class NotWithout(VenturiError):
    """'{task_id}' of DAG '{dag_id}' is mapped over what '{missing}' returns. Choose '{missing}' as well."""


class NotImportable(AuthoringError):
    """Cannot import '{name}': {reason}. {advice}"""


class BadValue(AuthoringError):
    """The value of '{key}' cannot be kept: {reason}. {advice}"""


class BadFile(VenturiError):
    """{file} cannot be used: {problem}. {advice}"""


class BadHome(VenturiError):
    """The home '{home}' ({source}) cannot be used: {reason}. {advice}"""


class EnvironmentFailed(VenturiError):
    """The bundle's environment cannot be built: {reason} {advice}"""


class NotFound(VenturiError):
    """There is no {kind} '{name}'. {advice}"""


class TimetableFailed(VenturiError):
    """The timetable of DAG '{dag_id}' could not say what a run is about: {problem}"""


class NoBackfill(VenturiError):
    """{problem}"""


class BadParameter(VenturiError):
    """DAG '{dag_id}' cannot start with its parameter '{name}': {problem}. Say it with: --conf '{{"{name}": …}}'"""


class BadPartition(VenturiError):
    """DAG '{dag_id}' cannot start a run for a partition: {problem}"""


class RunTypeRefused(VenturiError):
    """DAG '{dag_id}' is not started as '{run_type}': its file allows {allowed} (allowed_run_types)."""


class Refused(VenturiError):
    """{reason} {advice}"""


class NothingToChange(Refused):
    """{reason} {advice}"""


class IllegalMove(VenturiError):
    """{what} cannot go from {before} to {after}."""


class StoreError(VenturiError):
    """The database refused: {reason}."""


class GuardFailed(StoreError):
    """{missed} of {expected} rows had changed since they were read, so nothing was written. The state is reloaded."""


class Conflict(StoreError):
    """A row that was to be new is already there, so nothing was written ({reason})."""


class EpochLost(StoreError):
    """Another engine has taken over (epoch {theirs} after our {ours}), so this one wrote nothing and ends."""


class WrongSchema(StoreError):
    """The database has schema '{found}' and this Venturi needs '{wanted}'. {advice}"""


class DatabaseLost(StoreError):
    """The connection to the database was lost: {reason}."""


class SealError(StoreError):
    """Cannot seal or open: {reason}. {advice}"""


class ProcessError(VenturiError):
    """{reason}"""


class AlreadyRunning(ProcessError):
    """Another engine (pid {pid}) holds {home}. {advice}"""


class NoEngine(ProcessError):
    """No engine answers for {home}. Start one with: venturi up"""


class EngineRefused(ProcessError):
    """{message}"""


class ProtocolError(ProcessError):
    """The other side speaks protocol {theirs}, this side {ours}. {advice}"""


class ConnectionLost(ProcessError):
    """The connection to the {peer} was lost: {reason}."""
