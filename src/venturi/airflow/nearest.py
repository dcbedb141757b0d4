"""What is said of a name under `airflow` that is not served: what to do, or the nearest thing there is."""

from __future__ import annotations

from .table import MOVED, REFUSED, TABLE, module_paths
from .table.rows import wheel_of

# What these hold is Airflow's own server, scheduler and website.
_SERVER = frozenset(
    {
        *("api", "api_connexion", "api_fastapi", "api_internal", "auth", "bin", "callbacks", "cli", "dag_processing"),
        *("default_login", "executors", "internal_api", "jobs", "metrics", "migrations", "security", "sentry"),
        *("serialization", "task", "ti_deps", "traces", "www", "www_rbac"),
    }
)


class UnknownAirflowName(ModuleNotFoundError):
    """A name under `airflow` that the table does not hold. Its `name` stays empty, so that the import statement does
    not replace our sentence by its own; the sentence is made when it is read, as most such errors are caught unread."""

    def __init__(self, path: str, behind: BaseException | None = None) -> None:
        super().__init__(path)
        self.path_of_airflow, self.behind = path, behind

    def __str__(self) -> str:
        row = TABLE.get(self.path_of_airflow)
        if self.behind is not None and row is not None:
            return f"'{self.path_of_airflow}' is now '{row.module}.{row.name}'. {self.behind}"
        return sentence(self.path_of_airflow)


class MissingAttribute(AttributeError):
    """A module under `airflow` was asked for a name that it does not have."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path_of_airflow = path

    def __str__(self) -> str:
        return sentence(self.path_of_airflow)


def sentence(path: str) -> str:
    """What to tell someone who imports a path that is not served."""
    row = TABLE.get(path)
    if row is not None and row.kind == REFUSED:
        return f"'{path}' is not served by Venturi. {row.reason}"
    if row is not None and row.kind == MOVED:
        return f"'{path}' is now '{row.module}.{row.name}'. {_add(row.reason)}"
    name = path.rpartition(".")[2]
    known = [place for place, row in TABLE.items() if row.kind != REFUSED]
    same_name = [place for place in known if place.rpartition(".")[2] == name and TABLE[place].kind != MOVED]
    import difflib  # only for this sentence: every zygote holds what is imported above

    wheel = wheel_of(path)
    if wheel and not same_name and (version := _installed(wheel)) is None:
        return f"'{path}' is not here. {_add(wheel)}"
    if path.split(".")[1:2] and path.split(".")[1] in _SERVER and not same_name:
        return f"'{path}' is a part of Airflow's server, and Venturi has its own: it is not served."
    near = same_name[:1] or difflib.get_close_matches(path, [*known, *sorted(module_paths())], 1, 0.5)
    advice = f"The nearest it has is '{near[0]}'." if near else "It has nothing near it."
    if wheel and not same_name:
        return f"'{path}' is not in {wheel} {version}, which is installed. {advice}"
    return f"Venturi does not serve '{path}'. {advice}"


def _installed(wheel: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(wheel)
    except PackageNotFoundError:
        return None


def _add(wheel: str) -> str:
    return f"It belongs to {wheel}: add that line to requirements.txt, or install it."
