"""A tour of every operation that the official client has, in the client's own environment; prints JSON.

Started by `tour.py` as: PYTHON tour_client.py URL TOKEN. Imports the client and nothing of ours. An operation counts
as answered when the client reads the answer into the shape that it expects, or when it is the refusal that an Airflow
with its default settings gives.
"""

from __future__ import annotations

import datetime
import inspect
import json
import sys
import time
from typing import Any

import airflow_client.client as client
from airflow_client.client import api as apis
from airflow_client.client.exceptions import ApiException

UTC = datetime.timezone.utc
PATIENCE_S = 60
# Where an Airflow with default settings says no as well: operation → status.
DEFAULT_REFUSALS = {
    "get_config": 403,
    "get_config_value": 403,
    "test_connection": 403,
    "enqueue_connection_test": 403,
    "get_connection_test": 403,
    "get_external_log_url": 400,
}


def operations() -> dict[str, Any]:
    """Each by its name, with the class that has it."""
    found: dict[str, Any] = {}
    for name in dir(apis):
        kind = getattr(apis, name)
        if inspect.isclass(kind) and name.endswith("Api"):
            for operation in dir(kind):
                if not operation.startswith("_") and not operation.endswith(
                    ("_with_http_info", "_without_preload_content")
                ):
                    found.setdefault(operation, kind)
    return found


class Tour:
    def __init__(self, url: str, token: str) -> None:
        self.link = client.ApiClient(client.Configuration(host=url, access_token=token))
        self.known = operations()
        self.results: dict[str, tuple[bool, str]] = {}

    def __call__(self, operation: str, *args: Any, check: Any = None, **kwargs: Any) -> Any:
        """One call, noted; its answer, or None where there is none."""
        try:
            answer = getattr(self.known[operation](self.link), operation)(*args, **kwargs)
            if check is not None and not check(answer):
                self._note(operation, False, f"the answer says something else: {str(answer)[:200]}")
            else:
                self._note(operation, True, "")
            return answer
        except ApiException as error:
            expected = DEFAULT_REFUSALS.get(operation)
            said = (error.body or "")[:300] if isinstance(error.body, str) else str(error.reason)
            if expected == error.status:
                self._note(operation, True, f"refused as by an Airflow with default settings ({error.status})")
            else:
                self._note(operation, False, f"{error.status}: {said}")
        except Exception as error:  # what the client cannot read is what is looked for
            self._note(operation, False, f"{type(error).__name__}: {str(error)[:300]}")
        return None

    def _note(self, operation: str, good: bool, why: str) -> None:
        before = self.results.get(operation)
        if before is None or before[0]:
            self.results[operation] = (good, why)

    def leads_to(self, operation: str, page: str) -> None:
        """One that sends a browser on: the client follows, and can read no page as an answer; it gives it raw."""
        answer = getattr(self.known[operation](self.link), f"{operation}_without_preload_content")()
        said = (answer.data or b"").decode()
        good = answer.status == 200 and answer.url.endswith(page) and "<form" in said
        self._note(operation, good, "" if good else f"{answer.status} {answer.url}: {said[:200]}")

    def quietly(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.known[operation](self.link), operation)(*args, **kwargs)

    def until(self, look: Any, what: str) -> Any:
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            try:
                found = look()
            except ApiException:
                found = None
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"never: {what}")

    def over(self, dag_id: str, run_id: str) -> str:
        def look() -> Any:
            state = self.quietly("get_dag_run", dag_id, run_id).state.value
            return state if state in ("success", "failed") else None

        return str(self.until(look, f"{dag_id} {run_id} is over"))

    def run(self, dag_id: str, **more: Any) -> str:
        body = client.TriggerDAGRunPostBody.from_dict({"logical_date": None, **more})
        run_id = str(self("trigger_dag_run", dag_id, body).dag_run_id)
        self.over(dag_id, run_id)
        return run_id


def look_at_dags(t: Tour) -> None:
    t("get_dags", check=lambda told: told.total_entries >= 4)
    t("get_dag", "flow")
    t("get_dag_details", "flow")
    t("patch_dag", "flow", client.DAGPatchBody(is_paused=False), check=lambda told: not told.is_paused)
    t("patch_dags", client.DAGPatchBody(is_paused=False), dag_id_pattern="%")
    t("get_dag_tags", check=lambda told: told.tags == ["red"])
    t("get_dag_source", "flow", check=lambda told: "def numbers" in told.content)
    t("get_dag_stats")
    t("get_dag_versions", "flow", check=lambda told: told.total_entries == 1)
    t("get_dag_version", "flow", 1)
    t("list_dag_warnings", check=lambda told: told.total_entries >= 1)
    t("get_tasks", "flow", check=lambda told: told.total_entries == 3)
    t("get_task", "flow", "square")
    t("reparse_dag_file", t.quietly("get_dag", "flow").file_token)
    errors = t.until(lambda: (told := t.quietly("get_import_errors")).total_entries and told, "the broken file is read")
    t("get_import_errors")
    t("get_import_error", errors.import_errors[0].import_error_id)
    t("favorite_dag", "flow")
    t("get_dags", is_favorite=True, check=lambda told: [dag.dag_id for dag in told.dags] == ["flow"])
    t("unfavorite_dag", "flow")
    t("get_dags", is_favorite=True, check=lambda told: told.total_entries == 0)


def look_at_itself(t: Tour) -> None:
    t("get_health", check=lambda told: told.scheduler.status == "healthy")
    t("get_version")
    t("get_jobs", check=lambda told: told.total_entries == 3)
    t("get_plugins")
    t("import_errors")
    t("get_providers")
    t("get_config")
    t("get_config_value", "core", "dags_folder")
    events = t("get_event_logs", order_by=["-when"], check=lambda told: told.total_entries > 3)
    t("get_event_log", events.event_logs[0].event_log_id)
    t.leads_to("login", "/login")
    t.leads_to("logout", "/login")  # nobody is signed in there


def look_at_a_run(t: Tour, run_id: str) -> None:
    run = ("flow", run_id)
    t("get_dag_run", *run, check=lambda told: told.state == "success")
    t("get_dag_runs", "flow", order_by=["-run_after"], limit=1)
    t("get_list_dag_runs_batch", "~", client.DAGRunsBatchBody(dag_ids=["flow"]))
    t("get_upstream_asset_events", *run)
    t("wait_dag_run_until_finished", *run, 0.1)
    t("get_task_instances", "~", "~", check=lambda told: told.total_entries >= 5)
    t("get_task_instances_batch", "~", "~", client.TaskInstancesBatchBody(dag_ids=["flow"]))
    t("get_task_instance", *run, "total")
    t("get_mapped_task_instances", *run, "square", check=lambda told: told.total_entries == 3)
    t("get_mapped_task_instance", *run, "square", 1)
    t("get_task_instance_tries", *run, "total")
    t("get_mapped_task_instance_tries", *run, "square", 1)
    t("get_task_instance_try_details", *run, "total", 1)
    t("get_mapped_task_instance_try_details", *run, "square", 1, 1)
    t("get_task_instance_dependencies", *run, "total")
    t("get_task_instance_dependencies_by_map_index", *run, "square", 1)
    t("get_extra_links", *run, "total")
    t("get_external_log_url", *run, "total", 1)
    t("get_log", *run, "numbers", 1, full_content=True, check=lambda told: "counting" in str(told))
    values = t("get_xcom_entries", *run, "~")
    task = {"dag_id": "flow", "dag_run_id": run_id, "task_id": "total"}
    t(
        "get_xcom_entry",
        **task,
        xcom_key=values.xcom_entries[-1].key,
        check=lambda told: told.actual_instance.value == 14,
    )
    t("create_xcom_entry", **task, x_com_create_body=client.XComCreateBody(key="mine", value={"a": 1}))
    t("update_xcom_entry", **task, xcom_key="mine", x_com_update_body=client.XComUpdateBody(value=[1, 2]))
    t("delete_xcom_entry", **task, xcom_key="mine")
    one, two = client.TaskStateStoreBody.from_dict({"value": 1}), client.TaskStateStorePatchBody.from_dict({"value": 2})
    t("set_task_state_store", **task, key="job", task_state_store_body=one)
    t("get_task_state_store", **task, key="job", check=lambda told: told.value == 1)
    t("patch_task_state_store", **task, key="job", task_state_store_patch_body=two)
    t("list_task_state_store", **task, check=lambda told: told.total_entries == 1)
    t("delete_task_state_store", **task, key="job")
    t("clear_task_state_store", **task)


def ask_people(t: Tour) -> None:
    body = client.TriggerDAGRunPostBody.from_dict({"logical_date": None})
    run = ("asks", t("trigger_dag_run", "asks", body).dag_run_id)
    t.until(lambda: t.quietly("get_hitl_details", *run).total_entries, "it asks")
    t("get_hitl_details", *run)
    t("get_hitl_detail", *run, "which", -1)
    t("update_hitl_detail", *run, "which", -1, client.UpdateHITLDetailPayload(chosen_options=["left"]))
    t.over(*run)
    t("get_hitl_detail_try_detail", *run, "which", -1, 1)


def use_assets(t: Tour) -> None:
    assets = t("get_assets", check=lambda told: told.total_entries == 2).assets
    numbers = next(one.id for one in assets if "numbers" in one.uri)
    t("get_asset", numbers)
    aliases = t("get_asset_aliases", check=lambda told: told.total_entries == 1)
    t("get_asset_alias", aliases.asset_aliases[0].id)
    t("get_asset_events", check=lambda told: told.total_entries >= 1)
    made = client.CreateAssetEventsBody(asset_id=numbers, extra={"by": "hand"})
    t("create_asset_event", made)
    for operation in ("get", "delete"):
        for name, args in (
            ("dag_asset_queued_event", ("follows", numbers)),
            ("dag_asset_queued_events", ("follows",)),
            ("asset_queued_events", (numbers,)),
        ):
            if operation == "delete":
                t.quietly("create_asset_event", made)
            t(f"{operation}_{name}", *args)
    mark = client.AssetStateStoreBody.from_dict({"value": "x"})
    t("set_asset_state_store", asset_id=numbers, key="mark", asset_state_store_body=mark)
    t("get_asset_state_store", asset_id=numbers, key="mark")
    t("list_asset_state_store", numbers)
    t("delete_asset_state_store", asset_id=numbers, key="mark")
    t("clear_asset_state_store", numbers)
    run = t("materialize_asset", numbers, client.MaterializeAssetBody())
    t.over(run.dag_id, run.dag_run_id)


def change_settings(t: Tour) -> None:
    variable = client.VariableBody.from_dict({"key": "a/b", "value": "1"})
    t("post_variable", variable)
    t("get_variable", "a/b", check=lambda told: told.value == "1")
    t("get_variables", check=lambda told: told.total_entries == 1)
    t("patch_variable", "a/b", client.VariableBody.from_dict({"key": "a/b", "value": "2"}))
    t("delete_variable", "a/b")
    create = {"action": "create", "entities": [{"key": "k", "value": 1}]}
    body = client.BulkBodyVariableBody.from_dict({"actions": [create, {"action": "delete", "entities": ["k"]}]})
    t("bulk_variables", body, check=lambda told: told.create.success == ["k"] and told.delete.success == ["k"])

    connection = client.ConnectionBody.from_dict({"connection_id": "shop", "conn_type": "http", "password": "p4ssword"})
    t("post_connection", connection)
    t("get_connection", "shop", check=lambda told: told.password == "***")
    t("get_connections")
    t("patch_connection", "shop", connection, update_mask=["conn_type"])
    t("test_connection", connection)
    queued = client.ConnectionTestRequestBody.from_dict({"connection_id": "shop", "conn_type": "http"})
    t("enqueue_connection_test", queued)
    t("get_connection_test", "token")
    t("delete_connection", "shop")
    create = {"action": "create", "entities": [{"connection_id": "k", "conn_type": "http"}]}
    t("bulk_connections", client.BulkBodyConnectionBody.from_dict({"actions": [create]}))
    t("create_default_connections")

    t("post_pool", client.PoolBody(name="gpu", slots=2))
    t("get_pool", "gpu", check=lambda told: told.open_slots == 2)
    t("get_pools", check=lambda told: told.total_entries == 2)
    t("patch_pool", "gpu", client.PoolPatchBody(slots=3), check=lambda told: told.slots == 3)
    t("delete_pool", "gpu")
    create = {"action": "create", "entities": [{"name": "k", "slots": 1}]}
    t("bulk_pools", client.BulkBodyPoolBody.from_dict({"actions": [create]}))


def fill_back(t: Tour) -> None:
    first, last = (datetime.datetime(2026, 3, day, tzinfo=UTC) for day in (10, 12))
    body = client.BackfillPostBody(dag_id="slow", from_date=first, to_date=last, max_active_runs=1)
    t("create_backfill_dry_run", body, check=lambda told: told.total_entries == 2)
    made = t("create_backfill", body)
    t("list_backfills", "slow", check=lambda told: told.total_entries == 1)
    t("get_backfill", made.id)
    t("pause_backfill", made.id, check=lambda told: told.is_paused)
    t("unpause_backfill", made.id, check=lambda told: not told.is_paused)
    t("cancel_backfill", made.id, check=lambda told: told.completed_at is not None)


def change_runs(t: Tour, run_id: str) -> None:
    run = ("flow", run_id)
    t(
        "patch_dag_run",
        *run,
        client.DAGRunPatchBody.from_dict({"note": "looked at"}),
        check=lambda r: r.note == "looked at",
    )
    mark = client.PatchTaskInstanceBody.from_dict({"new_state": "failed"})
    good = client.PatchTaskInstanceBody.from_dict({"new_state": "success", "note": "by hand"})
    t("patch_task_instance_dry_run", *run, "total", mark, check=lambda told: told.total_entries == 1)
    t("patch_task_instance", *run, "total", mark, check=lambda told: told.task_instances[0].state == "failed")
    t("patch_task_instance", *run, "total", good)
    t("patch_task_instance_dry_run_by_map_index", *run, "square", 1, mark)
    t("patch_task_instance_by_map_index", *run, "square", 1, mark)
    t("patch_task_instance_by_map_index", *run, "square", 1, good)
    t.over(*run)
    t("patch_task_group_instances_dry_run", "grouped", t.run("grouped"), "box", mark)
    t("patch_task_group_instances", "grouped", t.run("grouped"), "box", mark)
    many = {"actions": [{"action": "update", "entities": [{"task_id": "total", "note": "all of it"}]}]}
    t("bulk_task_instances", *run, client.BulkBodyBulkTaskInstanceBody.from_dict(many))
    clear = {"dag_run_id": run_id, "task_ids": ["total"], "only_failed": False}
    for dry in (True, False):
        body = client.ClearTaskInstancesBody.from_dict({**clear, "dry_run": dry})
        t("post_clear_task_instances", "flow", body, check=lambda told: told.total_entries == 1)
    t.over(*run)
    # Not as a dry run: an instance in its answer fits two of the client's classes, and it does not choose.
    t("clear_dag_run", *run, client.DAGRunClearBody(dry_run=False))
    t.over(*run)
    many = {"dry_run": False, "dag_runs": [{"dag_run_id": run_id}]}
    t("clear_dag_runs", "flow", client.BulkDAGRunClearBody.from_dict(many))
    t.over(*run)
    t("clear_dag_run_partitions", "flow", client.ClearPartitionsBody.from_dict({"run_id": run_id}))
    many = {"actions": [{"action": "update", "entities": [{"dag_run_id": run_id, "note": "again"}]}]}
    t("bulk_dag_runs", "flow", client.BulkBodyBulkDAGRunBody.from_dict(many))


def remove(t: Tour, run_id: str) -> None:
    t("delete_task_instance", "flow", run_id, "total")
    t("delete_dag_run", "flow", run_id)
    t("delete_dag", "grouped")


def main(url: str, token: str) -> None:
    t = Tour(url, token)
    t.until(lambda: t.quietly("get_dags").total_entries >= 5, "the DAGs are read")
    failures = []

    def part(step: Any, *args: Any) -> Any:
        try:
            return step(t, *args)
        except Exception as error:
            failures.append(f"{step.__name__}: {type(error).__name__}: {str(error)[:300]}")
            return None

    part(look_at_dags)
    run_id = part(lambda t: t.run("flow", conf={"n": 4}, note="first"))
    for step in (
        look_at_a_run,
        ask_people,
        use_assets,
        change_settings,
        fill_back,
        look_at_itself,
        change_runs,
        remove,
    ):
        part(step, *([run_id] if step in (look_at_a_run, change_runs, remove) else []))
    for operation in t.known:
        t.results.setdefault(operation, (False, "not tried: what comes before it failed" if failures else "not tried"))
    print(json.dumps({"version": client.__version__, "results": t.results, "failures": failures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
