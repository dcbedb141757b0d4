"""The API application: every route of `/api/v2` and of those beside it, and its description.

Owns the wiring. Imported at the API's first request (decision 006): nothing of `front` may import it at its top.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

from fastapi import FastAPI

from .. import __version__
from ..config import Config, Home
from . import errors
from .api import (
    about,
    assets,
    audit,
    backfills,
    changing,
    connections,
    dag_parts,
    dags,
    hitl,
    instances,
    logs,
    pools,
    runs,
    states,
    variables,
    xcoms,
)
from .errors import Problem
from .keeping import Keeper
from .own import grid, history, live, log_views, overview, people, run_views, settings, sign_in, simulate
from .own.watch import Watch
from .packing import Grids
from .readers import Readers

THREADS = 8
# In this order paths are looked for.
MODULES = (
    dags,
    dag_parts,
    assets,
    runs,
    changing,
    xcoms,
    states,
    logs,
    hitl,
    instances,
    backfills,
    variables,
    connections,
    pools,
    about,
    audit,
)
OWN = (grid, history, live, overview, run_views, log_views, people, settings, simulate)


class Api(FastAPI):
    """Told with the shape of refusals, to which routes refer by name."""

    def openapi(self) -> dict[str, Any]:
        told = super().openapi()
        schemas = told["components"]["schemas"]
        if "Problem" not in schemas:
            told["components"]["schemas"] = dict(sorted({**schemas, "Problem": Problem.model_json_schema()}.items()))
        return told


def make_app(home: Home, config: Config) -> FastAPI:
    # FastAPI means its alias of a body; shapes that are built late tell pydantic so when nobody listens any more.
    warnings.filterwarnings("ignore", message="The 'alias' attribute with value 'body'")
    app = Api(
        title="Venturi",
        version=__version__,
        summary="Airflow's stable API, as Venturi answers it.",
        docs_url=None,
        openapi_url=None,  # its file is served, see `files`
        redoc_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    app.state.home, app.state.config, app.state.readers = home, config, Readers(home, config)
    app.state.grids = Grids()
    app.state.watch = Watch(home, app.state.readers)
    app.state.keeper = Keeper(home, app.state.readers)
    app.state.limit_threads, app.state.make_old_app = limit_threads, partial(make_old_app, app)
    errors.install(app)
    # As they are: to be included would make each of them once more.
    for router in (about.open_routes, *(module.routes.router for module in (*MODULES, *OWN))):
        app.router.routes.extend(router.routes)
    app.router.routes.extend([*sign_in.routes.routes, *sign_in.pages.routes])
    return app


def make_old_app(beside: FastAPI) -> FastAPI:
    """`/api/v1`, in the words of Airflow 2.x: an application of its own, since few ask for it."""
    from .old import routes

    app = FastAPI(title="Venturi", version=__version__, docs_url=None, redoc_url=None, openapi_url=None,
                  redirect_slashes=False)  # fmt: skip
    app.state = beside.state
    errors.install(app)
    app.router.routes.extend(routes.routes.router.routes)
    return app


async def limit_threads() -> None:
    """Few threads, each with a reader: more would only wait for the same disk."""
    import anyio.to_thread

    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS


def description(home: Home, config: Config) -> dict[str, Any]:
    """What `scripts/api_description.py` writes into the file that is served."""
    return make_app(home, config).openapi()
