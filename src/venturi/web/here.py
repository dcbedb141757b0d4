"""What a route has at hand: places, settings, readers, the engine's ear, and the person who asks.

Owns the dependency, and `Routes`, by which every route names what it takes to be allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from ..config import Config, Home
from ..core.errors import VenturiError
from ..store import Reader, Store
from ..store.reading_pages import Condition
from ..wire.frames import Head
from . import asking
from .errors import Fault, described
from .readers import Known, Readers
from .who import Allowed, Person

_F = TypeVar("_F", bound=Callable[..., Any])
_PROBLEMS = described(
    {
        400: "It cannot be done as asked.",
        401: "Nobody is known to ask.",
        403: "Whoever asks may not do this.",
        404: "It is not there.",
        429: "Too many requests; the answer says when to go on.",
        503: "The database or the engine does not answer.",
    }
)
_OF_CHANGES = described(
    {
        202: "No engine runs: the command waits for the next one.",
        409: "The present state does not allow it.",
    }
)
_TEXT = {"type": "string"}
_EVENT = {"type": "object", "properties": {"event": _TEXT, "data": _TEXT, "id": _TEXT}, "required": ["data"]}
STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": _EVENT}}}}
API, OWN, OLD = "/api/v2", "/api/venturi/v1", "/api/v1"


def named(route: APIRoute) -> str:
    return route.name


class Here:
    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.home: Home = state.home
        self.config: Config = state.config
        self.readers: Readers = state.readers
        self.person: Person = request.state.person
        self.only: frozenset[str] | None = request.state.only  # the DAGs in which this is allowed; None: all

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with self.readers.take() as reader:
            yield reader

    @contextmanager
    def store(self) -> Iterator[Store]:
        """For variables and connections alone."""
        with self.readers.store() as store:
            yield store

    def sees(self, dag_id: str | None) -> bool:
        return self.only is None or dag_id in self.only

    def must_see(self, dag_id: str) -> None:
        """Of a DAG that is named elsewhere than in the address."""
        if not self.sees(dag_id):
            raise Fault(403, f"{self.person.name} may not do this in '{dag_id}'.")

    def in_scope(self) -> list[Condition]:
        """What a list holds beside what was asked for."""
        return [] if self.only is None else [Condition("dag_id", "in", sorted(self.only))]

    def version(self, reader: Reader, id: int) -> Known:
        return self.readers.version(reader, id)

    def ask(self, name: str, **arguments: Any) -> Head:
        return asking.ask(self.home, name, **arguments)

    def settings_changed(self) -> None:
        """A running engine has those files read again that have read what was changed."""
        try:
            self.ask("settings_changed")
        except VenturiError:
            pass  # an engine that starts reads every file anyway

    def tell(self, name: str, **arguments: Any) -> Head:
        return asking.tell(self.home, self.config, name, **arguments)


async def _here(request: Request) -> Here:
    return Here(request)


At = Annotated[Here, Depends(_here)]


class Routes:
    """The routes of one resource, with their whole paths: an application takes them as they are."""

    def __init__(self, tag: str, below: str = API) -> None:
        self.router = APIRouter(prefix=below, tags=[tag], generate_unique_id_function=named)

    def get(self, path: str, may: str, **more: Any) -> Callable[[_F], _F]:
        return self._add("GET", path, may, **more)

    def post(self, path: str, may: str, **more: Any) -> Callable[[_F], _F]:
        return self._add("POST", path, may, **more)

    def patch(self, path: str, may: str, **more: Any) -> Callable[[_F], _F]:
        return self._add("PATCH", path, may, **more)

    def put(self, path: str, may: str, **more: Any) -> Callable[[_F], _F]:
        return self._add("PUT", path, may, **more)

    def delete(self, path: str, may: str, status_code: int = 204, **more: Any) -> Callable[[_F], _F]:
        return self._add("DELETE", path, may, status_code=status_code, **more)

    def _add(self, method: str, path: str, may: str, by_grant: bool = False, **more: Any) -> Callable[[_F], _F]:
        told = {**_PROBLEMS, **(_OF_CHANGES if method != "GET" else {}), **more.pop("responses", {})}
        dependencies = [Depends(Allowed(may, by_grant))]
        return self.router.api_route(path, methods=[method], dependencies=dependencies, responses=told, **more)
