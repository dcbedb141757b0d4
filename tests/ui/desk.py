"""The DAG files that runs, attempts, triggers and questions are shown with; each test's home gets them when it asks."""

from __future__ import annotations

from ..cli.conftest import until
from .browser import Shop

EVIL = "<img src=x onerror=\"document.title='owned'\">"

DESK = """
import os
import time
import zlib
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.models.param import Param

EVIL = "<img src=x onerror=\\"document.title='owned'\\">"


def square(size):
    # A PNG: a red square on white.
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    red = lambda x, y: size / 4 <= x < 3 * size / 4 and size / 4 <= y < 3 * size / 4
    pixel = lambda x, y: b"\\xc8\\x28\\x28" if red(x, y) else b"\\xff\\xff\\xff"
    lines = b"".join(b"\\0" + b"".join(pixel(x, y) for x in range(size)) for y in range(size))
    head = size.to_bytes(4, "big") * 2 + b"\\x08\\x02\\0\\0\\0"
    return b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@dag(schedule=None, tags=["desk"], description="Scores what is in the basket", params={
    "region": Param("north", enum=["north", "south", "east"], description="Whose baskets"),
    "epochs": Param(3, type="integer", minimum=1, maximum=50, title="Epochs"),
    "since": Param("2026-11-01", type="string", format="date", description="Baskets from this day on"),
    "name": Param("winter", type="string", minLength=3),
    "dry": Param(False, type="boolean"),
    "tags": Param(["a", "b"], type="array", items={"type": "string"}),
    "more": Param({"alpha": 0.5}, type="object"),
    "limit": Param(None, type=["null", "integer"]),
})
def score_baskets():
    @task
    def baskets(params=None):
        print("reading baskets of", params["region"])
        return [{"name": f"basket {n:02d}", "items": n % 7, "total": round(n * 1.37 % 23, 2)} for n in range(24)]

    @task
    def curve(params=None):
        import math
        return [round(math.exp(-n / 9) + 0.07 * math.sin(n), 4) for n in range(60)]

    @task
    def picture():
        return square(48)

    @task
    def score(basket):
        return basket["total"] * 2

    @task
    def report(scores, params=None):
        print("\\x1b[32mscored\\x1b[0m", len(list(scores)), "baskets", params["name"])
        print("\\x1b[1;33mWARNING\\x1b[0m two were \\x1b[4mempty\\x1b[0m")
        return {"total": 411.5, "epochs": params["epochs"], "note": EVIL}

    report(score.expand(basket=baskets())) << [curve(), picture()]


score_baskets()


@dag(schedule=None, tags=["desk"])
def breaks():
    @task
    def fetch():
        import logging
        for n in range(300):
            print("row", n, EVIL if n == 7 else "")
        logging.getLogger(__name__).error("row 41 has no price")
        for n in range(300):
            print("more", n)

    @task(retries=1, retry_delay=timedelta(seconds=0))
    def price(params=None, **context):
        print("pricing")
        if not os.path.exists(os.path.dirname(__file__) + "/mended"):
            raise ValueError("row 41 has no price")
        return {"priced": 600}

    @task
    def publish():
        return "done"

    fetch() >> price() >> publish()


breaks()


@dag(schedule=timedelta(days=1), start_date=datetime(2026, 11, 1), catchup=False, tags=["desk"])
def daily_sums():
    @task
    def add():
        return 4

    add()


daily_sums()


@dag(schedule=None, tags=["desk"])
def talks():
    @task
    def talk(**context):
        n = 0
        while not os.path.exists(context["dag_run"].conf["go"]):
            n += 1
            print("said", n, flush=True)
            time.sleep(0.05)
        print("the end")

    talk()


talks()
"""

QUESTIONS = """
from airflow.sdk import dag, task
from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLEntryOperator, HITLOperator
from airflow.sdk import Param


@dag(schedule=None, tags=["desk"])
def release():
    approve = ApprovalOperator(task_id="approve", subject="Release the winter model?",
                               body="It scored **0.91** on the holdout, the one before 0.89.")
    pick = HITLOperator(task_id="pick", subject="Which regions first?", options=["north", "south", "east"],
                        multiple=True, defaults=["north"])
    fill = HITLEntryOperator(task_id="fill", subject="How should it be called?",
                             params={"title": Param("winter", type="string"),
                                     "share": Param(10, type="integer", minimum=1, maximum=100)})

    @task
    def ship():
        return "shipped"

    [approve, pick, fill] >> ship()


release()
"""

NAMES = ("score_baskets", "breaks", "daily_sums", "talks")


def open_desk(shop: Shop, questions: bool = False) -> None:
    """Its DAGs are there and active."""
    if not (shop.place.dags / "desk.py").exists():
        (shop.place.dags / "desk.py").write_text(DESK)
        _active(shop, *NAMES)
    if questions and not (shop.place.dags / "questions.py").exists():
        (shop.place.dags / "questions.py").write_text(QUESTIONS)
        _active(shop, "release")


def _active(shop: Shop, *names: str) -> None:
    for name in names:
        until(lambda name=name: shop.api.ask("GET", f"dags/{name}").status == 200, f"{name} is read")
        if name != "daily_sums":
            shop.api.send("PATCH", f"dags/{name}", {"is_paused": False})
