"""Whatever people and authors write, in every place that takes it, is text on every screen and nothing else."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from ..cli.conftest import until
from .browser import Shop

# What would have become of it: elements and attributes that run something, wherever they stand.
ALIVE = "document.querySelectorAll('img[src=x], main script, [onerror], [href^=javascript]').length"
EVIL = "<img src=x onerror=\"document.title='owned'\">"
SCRIPT = "<script>document.title='owned'</script>"
LINK = "[here](javascript:document.title='owned')"

WICKED = f"""
from datetime import datetime

from airflow.sdk import Asset, Label, Param, dag, get_current_context, task, task_group
from airflow.providers.standard.operators.hitl import HITLEntryOperator

EVIL = {EVIL!r}
SCRIPT = {SCRIPT!r}
LINK = {LINK!r}


@dag(schedule=None, start_date=datetime(2026, 1, 1), dag_display_name="Shown " + EVIL, description="Said " + EVIL,
     tags=["tag " + EVIL], default_args={{"owner": "own " + EVIL}},
     owner_links={{"own " + EVIL: "javascript:alert(1)"}},
     doc_md="# Docs\\n\\n" + EVIL + "\\n\\n" + SCRIPT + "\\n\\n" + LINK,
     params={{"said": Param(EVIL, type="string", title="Titled " + EVIL, description="Described " + EVIL),
             "one": Param(EVIL, enum=[EVIL, SCRIPT])}})
def wicked():
    @task(task_display_name="Task " + EVIL, doc_md=SCRIPT, outlets=[Asset(name="asset " + EVIL, uri="s3://shop/wicked")])
    def first():
        print("\\x1b[31m" + EVIL + "\\x1b[0m", SCRIPT)
        print("see http://example.com/\\"onmouseover=\\"document.title='owned'")
        return {{EVIL: [SCRIPT, LINK], "rows": [{{"name": EVIL}}]}}

    @task_group(group_display_name="Group " + EVIL, tooltip=EVIL)
    def inner():
        @task(map_index_template="{{{{ which }}}}")
        def each(n):
            get_current_context()["which"] = EVIL + str(n)
            return EVIL

        each.expand(n=[1, 2])

    @task
    def breaks():
        raise ValueError("Failed " + EVIL)

    begun = first()
    begun >> Label("Edge " + EVIL) >> inner() >> breaks()


wicked()


@dag(schedule=None, dag_display_name="Asks " + EVIL)
def asks():
    HITLEntryOperator(task_id="ask", subject="Subject " + EVIL, body="Body " + EVIL + LINK,
                      params={{"name": Param(EVIL, type="string", description=EVIL)}})


asks()
"""


@pytest.fixture(scope="module")
def run(shop: Shop) -> str:
    (shop.place.dags / "wicked.py").write_text(WICKED)
    for dag_id in ("wicked", "asks"):
        until(lambda dag_id=dag_id: shop.api.ask("GET", f"dags/{dag_id}").status == 200, f"{dag_id} is read")
        shop.api.send("PATCH", f"dags/{dag_id}", {"is_paused": False})
    (shop.place.dags / "evil_error.py").write_text(f"raise RuntimeError({EVIL!r})\n# from airflow import DAG\n")
    until(lambda: shop.api.get("importErrors")["total_entries"] > 0, "the broken file is told of")
    body = {"logical_date": None, "conf": {"said": EVIL, EVIL: SCRIPT}, "note": f"Note {EVIL}"}
    made = shop.api.send("POST", "dags/wicked/dagRuns", body)
    shop.api.over("wicked", made["dag_run_id"])
    path = f"dags/wicked/dagRuns/{quote(made['dag_run_id'], safe='')}/taskInstances/first"
    shop.api.send("PATCH", path, {"note": f"Noted {EVIL}"})
    shop.api.send("POST", "dags/asks/dagRuns", {"logical_date": None})
    until(lambda: shop.api.get("dags/~/dagRuns/~/hitlDetails")["total_entries"] > 0, "a question waits")
    shop.api.ask("POST", "variables", {"key": "wicked", "value": EVIL, "description": EVIL})
    wire = {"connection_id": "wicked", "conn_type": EVIL, "host": EVIL, "login": EVIL, "description": EVIL}
    shop.api.ask("POST", "connections", wire)
    shop.api.ask("POST", "pools", {"name": f"pool {EVIL}", "slots": 1, "description": EVIL})
    shop.api.ask("POST", "/api/venturi/v1/tokens", {"name": EVIL, "role": "user", "days": 1})
    return str(made["dag_run_id"])


def screens(shop: Shop, run: str) -> list[tuple[str, str]]:
    """Every address, and a text of an author's that is to be read there."""
    at = f"/dags/wicked/runs/{quote(run, safe='')}"
    (asset,) = [one["id"] for one in shop.api.get("assets")["assets"] if one["uri"] == "s3://shop/wicked"]
    return [
        ("/", f"Failed {EVIL}"),
        ("/dags", f"Shown {EVIL}"),
        ("/dags?q=wicked", f"tag {EVIL}"),
        ("/runs", f"Note {EVIL}"),
        ("/dags/wicked", SCRIPT),
        ("/dags/wicked/grid", f"Task {EVIL}"),
        (f"/dags/wicked/grid?run={quote(run, safe='')}&task=first", f"Noted {EVIL}"),
        ("/dags/wicked/graph", f"Edge {EVIL}"),
        ("/dags/wicked/timeline", "breaks"),
        ("/dags/wicked/durations", "breaks"),
        ("/dags/wicked/calendar", "all failed"),
        ("/dags/wicked/runs", "failed"),
        ("/dags/wicked/code", "javascript:"),
        ("/dags/wicked/details", f"own {EVIL}"),
        ("/dags/wicked/trigger", f"Titled {EVIL}"),
        (at, f"Note {EVIL}"),
        (f"{at}/graph", f"Group {EVIL}"),
        (f"{at}/events", f"Failed {EVIL}"),
        (f"{at}/params", SCRIPT),
        (f"{at}/tasks/first", SCRIPT),
        (f"{at}/tasks/first?tab=values", SCRIPT),
        (f"{at}/tasks/inner.each", f"{EVIL}1"),
        (f"{at}/tasks/inner.each?map=1&tab=rendered", "op_kwargs"),
        (f"{at}/tasks/breaks", f"Failed {EVIL}"),
        (f"{at}/tasks/breaks?tab=tries", f"Failed {EVIL}"),
        ("/approvals", f"Subject {EVIL}"),
        ("/assets", f"asset {EVIL}"),
        (f"/assets/{asset}", f"asset {EVIL}"),
        ("/admin/variables", EVIL),
        ("/admin/connections", EVIL),
        ("/admin/pools", f"pool {EVIL}"),
        ("/admin/tokens", EVIL),
        ("/admin/audit", EVIL),
        ("/admin/import-errors", EVIL),
    ]


def test_what_people_and_authors_write_is_text_on_every_screen(page: Page, shop: Shop, run: str) -> None:
    """The console is watched too: an attempt that the page's policy stops would be told there."""
    for address, text in screens(shop, run):
        page.goto(address)
        expect(page.get_by_text(text).first, address).to_be_attached()
        assert page.evaluate(ALIVE) == 0, address
        assert page.title() != "owned", address
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("wicked")
    expect(page.get_by_role("option").filter(has_text=f"Shown {EVIL}").first).to_be_visible()
    assert page.title() != "owned"
