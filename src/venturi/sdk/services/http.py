"""HTTP: a hook on a connection, an operator that calls an endpoint, and a sensor that waits for one to agree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import copy
from typing import Any, ClassVar

from ..calling import call
from ..connections import BaseHook, Connection
from ..exceptions import AirflowException
from ..operator import BaseOperator
from ..sensors import PokeReturnValue
from ..waiting import deferrable_unless_said
from .causes import innermost
from .deferred import DeferredSensor, RequestTrigger, response_from
from .packages import needed

# Of a connection's extra, these steer the request; whatever else is there is a header.
_OPTIONS = frozenset(
    {
        *("stream", "cert", "proxies", "proxy", "timeout", "verify", "verify_ssl", "allow_redirects"),
        *("max_redirects", "trust_env", "check_response"),
    }
)


class HttpHook(BaseHook):
    """`run(endpoint, …)` sends one request to the connection's host and gives the response of `requests`."""

    conn_name_attr = "http_conn_id"
    default_conn_name = "http_default"
    conn_type = "http"
    hook_name = "HTTP"

    def __init__(
        self,
        method: str = "POST",
        http_conn_id: str = default_conn_name,
        auth_type: Any = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        adapter: Any = None,
    ) -> None:
        super().__init__()
        self.method, self.http_conn_id = method.upper(), http_conn_id
        self._auth_type = auth_type
        self.adapter = adapter
        self.keep_alive = (tcp_keep_alive_idle, tcp_keep_alive_count, tcp_keep_alive_interval) if tcp_keep_alive else ()
        self.base_url = ""
        self._retry: Any = None
        self._options: dict[str, Any] = {}

    def get_conn(self, headers: Mapping[str, Any] | None = None, extra_options: Mapping[str, Any] | None = None) -> Any:
        """A session with the connection's login, headers and options."""
        session = needed("requests", "An HTTP task").Session()
        connection = self.get_connection(self.http_conn_id)
        self.base_url = base_url_of(connection)
        if connection.login:
            kind = self._auth_type or needed("requests.auth", "An HTTP task").HTTPBasicAuth
            session.auth = kind(connection.login, connection.password)
        elif self._auth_type:
            session.auth = self._auth_type()
        extra = connection.extra_dejson
        session.headers.update({k: v for k, v in extra.items() if k not in _OPTIONS and isinstance(v, (str, bytes))})
        options = {k: v for k, v in extra.items() if k in _OPTIONS} | dict(extra_options or {})
        session.proxies = options.get("proxies") or options.get("proxy") or {}
        session.stream = bool(options.get("stream", False))
        session.verify = options.get("verify", options.get("verify_ssl", True))
        session.cert = options.get("cert")
        session.max_redirects = options.get("max_redirects", session.max_redirects)
        session.trust_env = options.get("trust_env", True)
        if headers:
            session.headers.update(headers)
        self._mount_adapter(session)
        self._options = options
        return session

    def _mount_adapter(self, session: Any) -> None:
        adapter = self.adapter
        if adapter is None and self.keep_alive:
            adapter = _keep_alive_adapter(*self.keep_alive)
        if adapter is not None:
            session.mount("http://", adapter)
            session.mount("https://", adapter)

    def run(
        self,
        endpoint: str | None = None,
        data: Any = None,
        headers: Mapping[str, Any] | None = None,
        extra_options: Mapping[str, Any] | None = None,
        **request_kwargs: Any,
    ) -> Any:
        """`data` is the query of a GET and the body of the others. A status of 400 or above fails."""
        session = self.get_conn(headers, extra_options)
        where = "params" if self.method == "GET" else "data"
        if self.method != "HEAD" and data and where not in request_kwargs:
            request_kwargs[where] = data
        requests = needed("requests", "An HTTP task")
        request = requests.Request(self.method, self.url_from_endpoint(endpoint), headers=headers, **request_kwargs)
        return self.run_and_check(session, session.prepare_request(request), self._options)

    def run_and_check(self, session: Any, prepped_request: Any, extra_options: Mapping[str, Any]) -> Any:
        settings = session.merge_environment_settings(
            prepped_request.url,
            proxies=session.proxies,
            stream=session.stream,
            verify=session.verify,
            cert=session.cert,
        )
        sending = {
            "timeout": extra_options.get("timeout"),
            "allow_redirects": extra_options.get("allow_redirects", True),
        }
        errors = needed("requests.exceptions", "An HTTP task")
        try:
            response = session.send(prepped_request, **{**settings, **sending})
        except errors.ConnectionError as error:
            self.log.warning("%s  It is named by the connection '%s'.", error, self.http_conn_id)
            raise
        if extra_options.get("check_response", True):
            self.check_response(response)
        return response

    def check_response(self, response: Any) -> None:
        if not response.ok:
            self.log.error("%s", response.text)
            raise AirflowException(f"{response.status_code}:{response.reason}")

    def run_with_advanced_retry(self, _retry_args: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the arguments of a `tenacity.Retrying`."""
        return needed("tenacity", "run_with_advanced_retry()").Retrying(**_retry_args)(self.run, *args, **kwargs)

    def url_from_endpoint(self, endpoint: str | None) -> str:
        if self.base_url and not self.base_url.endswith("/") and endpoint and not endpoint.startswith("/"):
            return f"{self.base_url}/{endpoint}"
        return (self.base_url or "") + (endpoint or "")

    def test_connection(self) -> tuple[bool, str]:
        """By a GET, which changes nothing there, whatever the hook was made for."""
        asks = copy(self)
        asks.method = "GET"
        try:
            asks.run()
        except needed("requests.exceptions", "An HTTP task").ConnectionError as error:
            return False, f"{asks.base_url} does not answer: {innermost(error)}"
        except Exception as error:
            return False, str(error)
        return True, "Connection successfully tested"


def base_url_of(connection: Connection) -> str:
    host = connection.host or ""
    url = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    return f"{url}:{connection.port}" if connection.port else url


def _keep_alive_adapter(idle_s: int, count: int, interval_s: int) -> Any:
    import socket

    adapters = needed("requests.adapters", "An HTTP task")
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", idle_s), ("TCP_KEEPCNT", count), ("TCP_KEEPINTVL", interval_s)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))

    class Adapter(adapters.HTTPAdapter):  # type: ignore[misc, name-defined]
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
            return super().init_poolmanager(*args, socket_options=options, **kwargs)

    return Adapter()


class HttpOperator(BaseOperator):
    """Calls an endpoint; the text of the response, or what `response_filter` makes of it, is the value."""

    template_fields: Collection[str] = ("endpoint", "data", "headers", "http_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"headers": "json", "data": "py"}
    ui_color = "#f4a460"

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        method: str = "POST",
        data: Any = None,
        headers: dict[str, str] | None = None,
        pagination_function: Callable[..., Any] | None = None,
        response_check: Callable[..., bool] | None = None,
        response_filter: Callable[..., Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        request_kwargs: dict[str, Any] | None = None,
        http_conn_id: str = "http_default",
        log_response: bool = False,
        auth_type: Any = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        deferrable: bool | None = None,
        warn_on_non_idempotent: bool = True,
        retry_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.http_conn_id, self.method, self.endpoint = http_conn_id, method, endpoint
        self.headers, self.data = headers or {}, data if data is not None else {}
        self.pagination_function = pagination_function
        self.response_check, self.response_filter = response_check, response_filter
        self.extra_options, self.request_kwargs = extra_options or {}, request_kwargs or {}
        self.log_response, self.auth_type, self.retry_args = log_response, auth_type, retry_args
        self.tcp_keep_alive = tcp_keep_alive
        self.keep_alive = (tcp_keep_alive_idle, tcp_keep_alive_count, tcp_keep_alive_interval)
        self.deferrable = deferrable_unless_said() if deferrable is None else bool(deferrable)

    @property
    def hook(self) -> HttpHook:
        return HttpHook(self.method, self.http_conn_id, self.auth_type, self.tcp_keep_alive, *self.keep_alive)

    def execute(self, context: Any) -> Any:
        self.log.info("%s %s", self.method, self.endpoint or "")
        first = {
            "endpoint": self.endpoint,
            "data": self.data,
            "headers": self.headers,
            "extra_options": self.extra_options,
        }
        # Objects such as a login of one's own kind only the author's file can make.
        if self.deferrable and self.auth_type is None and not self.retry_args:
            self._defer(first, [])
        response = self._ask(**first)
        if self.pagination_function is None:
            return self._made(context, response)
        pages = [response]
        while following := self.pagination_function(response):
            response = self._ask(**self._next(following))
            pages.append(response)
        return self._made(context, pages)

    def _defer(self, request: dict[str, Any], pages: list[dict[str, Any]]) -> None:
        """The request is sent by a trigger; `pages` are the responses there already."""
        idle, count, interval = self.keep_alive
        hook = {
            "method": self.method,
            "http_conn_id": self.http_conn_id,
            "tcp_keep_alive": self.tcp_keep_alive,
            "tcp_keep_alive_idle": idle,
            "tcp_keep_alive_count": count,
            "tcp_keep_alive_interval": interval,
        }
        trigger = RequestTrigger(hook, {**request, **self.request_kwargs})
        self.defer(trigger=trigger, method_name="execute_complete", kwargs={"pages": pages})

    def execute_complete(self, context: Any, event: Any, pages: Any = ()) -> Any:
        """A response is there: it is the last one, or leads to the next."""
        response = response_from(event)
        if self.pagination_function is None:
            return self._made(context, response)
        following = self.pagination_function(response)
        if following:
            self._defer(self._next(following), [*pages, event])
        return self._made(context, [*map(response_from, pages), response])

    def _ask(self, **given: Any) -> Any:
        hook = self.hook
        if self.retry_args:
            return hook.run_with_advanced_retry(self.retry_args, **given, **self.request_kwargs)
        return hook.run(**given, **self.request_kwargs)

    def _next(self, following: Mapping[str, Any]) -> dict[str, Any]:
        """What the pagination function gives lies on top of the operator's own arguments."""
        data = following.get("data")
        both = isinstance(self.data, dict) and isinstance(data, dict)
        return {
            "endpoint": following.get("endpoint") or self.endpoint,
            "data": {**self.data, **(data or {})} if both else data or self.data,
            "headers": {**self.headers, **following.get("headers", {})},
            "extra_options": {**self.extra_options, **following.get("extra_options", {})},
        }

    def _made(self, context: Any, response: Any) -> Any:
        text = [page.text for page in response] if isinstance(response, list) else response.text
        if self.log_response:
            self.log.info("%s", text)
        if self.response_check is not None and not call(self.response_check, (response,), {}, context):
            raise AirflowException("Response check returned False.")
        if self.response_filter is not None:
            return call(self.response_filter, (response,), {}, context)
        return text


class HttpSensor(DeferredSensor):
    """Waits until an endpoint answers with a status below 400, and `response_check` agrees."""

    template_fields: Collection[str] = ("endpoint", "request_params", "headers", "http_conn_id")

    def __init__(
        self,
        *,
        endpoint: str,
        http_conn_id: str = "http_default",
        method: str = "GET",
        request_params: dict[str, Any] | None = None,
        request_kwargs: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        response_error_codes_allowlist: list[str] | None = None,
        response_check: Callable[..., Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint, self.http_conn_id, self.method = endpoint, http_conn_id, method
        self.request_params, self.request_kwargs = request_params or {}, request_kwargs or {}
        self.headers, self.extra_options, self.response_check = headers or {}, extra_options or {}, response_check
        self.waited_for = tuple(
            response_error_codes_allowlist if response_error_codes_allowlist is not None else ["404"]
        )
        self.tcp_keep_alive = tcp_keep_alive
        self.keep_alive = (tcp_keep_alive_idle, tcp_keep_alive_count, tcp_keep_alive_interval)

    @property
    def hook(self) -> HttpHook:
        return HttpHook(self.method, self.http_conn_id, None, self.tcp_keep_alive, *self.keep_alive)

    def look_arguments(self) -> dict[str, Any]:
        idle, count, interval = self.keep_alive
        return {
            "endpoint": self.endpoint,
            "http_conn_id": self.http_conn_id,
            "method": self.method,
            "request_params": self.request_params,
            "request_kwargs": self.request_kwargs,
            "headers": self.headers,
            "extra_options": self.extra_options,
            "response_error_codes_allowlist": list(self.waited_for),
            "tcp_keep_alive": self.tcp_keep_alive,
            "tcp_keep_alive_idle": idle,
            "tcp_keep_alive_count": count,
            "tcp_keep_alive_interval": interval,
        }

    def is_judged_here(self) -> bool:
        return self.response_check is not None

    def poke(self, context: Any) -> bool | PokeReturnValue:
        try:
            response = self.hook.run(
                self.endpoint, self.request_params, self.headers, self.extra_options, **self.request_kwargs
            )
        except AirflowException as error:
            if str(error).startswith(self.waited_for):
                return False
            raise
        if self.response_check is None:
            return True
        found: bool | PokeReturnValue = call(self.response_check, (response,), {}, context)
        return found
