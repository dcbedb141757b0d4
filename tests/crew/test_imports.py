"""Importing DAG files: each kind of bad file has a clear report, and none disturbs another."""

from __future__ import annotations

import json
import os
import signal
import time
import venv
from pathlib import Path

import pytest

from venturi.wire import messages

from .stand_in import DEADLINE_S, House, children, descendants, named, wait_death

GOOD = """
from airflow import DAG
from airflow.operators.python import PythonOperator
{extra}
with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=lambda: {value})
"""


def good(value: str = "1", extra: str = "") -> str:
    return GOOD.format(value=value, extra=extra)


def zygote_of(house: House, name: str) -> int:
    assert house.crew is not None
    for base in children(house.crew.pid):
        for pid in (base, *children(base)):
            if named(pid) == f"vz:{name}"[:15]:
                return pid
    raise AssertionError(f"no zygote of {name}")


def test_a_good_file_is_told_as_specs_with_its_sources(house: House) -> None:
    house.write("helper.py", "VALUE = 7\n")
    loaded = house.load("good.py", good("VALUE", "from helper import VALUE"))
    assert [d["dag_id"] for d in loaded["specs"]] == ["d"]
    assert sorted(os.path.basename(p) for p in loaded["modules"]) == ["good.py", "helper.py"]
    assert loaded["fork_safe"] is True
    for digest in loaded["modules"].values():
        assert (house.home.sources / digest[:2] / digest).exists()


def test_a_syntax_error_names_file_and_line(house: House) -> None:
    error = house.load_fails("bad.py", "x = 1\n\ndef f(:\n    pass\n")["error"]
    assert (error["type"], error["line"]) == ("SyntaxError", 3)
    assert error["file"].endswith("bad.py")


def test_an_error_in_a_helper_names_the_helpers_line(house: House) -> None:
    house.write("helper.py", "def f():\n    return 1 / 0\n")
    error = house.load_fails("bad.py", "from helper import f\nf()\n")["error"]
    assert (error["type"], error["line"]) == ("ZeroDivisionError", 2)
    assert error["file"].endswith("helper.py")
    assert "bad.py" in error["traceback"]
    assert "venturi/runtime" not in error["traceback"]


def test_a_missing_module_is_the_line_that_imports_it(house: House) -> None:
    error = house.load_fails("bad.py", "import os\nimport no_such_module_anywhere\n")["error"]
    assert (error["type"], error["line"]) == ("ModuleNotFoundError", 2)


def test_an_endless_loop_is_ended_at_the_limit_with_its_line(house: House) -> None:
    error = house.load_fails("bad.py", "x = 0\nwhile True:\n    x += 1\n", time_limit_s=0.3)["error"]
    assert error["type"] == "TimeLimitExceeded"
    assert "longer than 0.3 s" in error["message"]
    assert error["line"] in (2, 3)


def test_a_loop_that_swallows_everything_is_ended_with_its_line(house: House) -> None:
    text = "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n"
    error = house.load_fails("bad.py", text, time_limit_s=0.3)["error"]
    assert error["type"] == "TimeLimitExceeded"
    assert error["file"].endswith("bad.py")
    assert error["line"] in (1, 2, 3, 4)


def test_sys_exit_at_import_is_a_report(house: House) -> None:
    error = house.load_fails("bad.py", "import sys\nsys.exit(3)\n")["error"]
    assert (error["type"], error["line"]) == ("SystemExit", 2)
    assert "sys.exit(3)" in error["message"]


def test_os_exit_at_import_is_a_report(house: House) -> None:
    error = house.load_fails("bad.py", "import os\nprint('last words', flush=True)\nos._exit(4)\n")
    assert error["error"]["type"] == "ProcessDied"
    assert "exit code 4" in error["error"]["message"]
    assert error["output"] == "last words\n"


def test_a_segfault_at_import_names_signal_file_and_line(house: House) -> None:
    error = house.load_fails("bad.py", "import ctypes\n\nctypes.string_at(0)\n")["error"]
    assert "SIGSEGV" in error["message"]
    assert error["line"] == 3


def test_a_huge_allocation_at_import_is_ended_at_the_memory_limit(house: House) -> None:
    text = "held = []\nwhile True: held.append(bytearray(8_000_000))\n"
    error = house.load_fails("bad.py", text, memory_limit_mb=150)["error"]
    assert error["type"] == "MemoryLimitExceeded"
    assert "150 MB" in error["message"]


def test_prints_at_import_are_no_matter_and_their_end_is_kept(house: House) -> None:
    loaded = house.load("loud.py", good(extra="print('x' * 50_000_000)\nprint('the end')"))
    assert loaded["output"].endswith("the end\n")
    assert house.run("loud.py", loaded, "t")["body"] == b"1"


def test_threads_at_import_make_attempts_import_for_themselves(house: House) -> None:
    extra = (
        "import threading, time, os\nthreading.Thread(target=time.sleep, args=(600,), daemon=True, name='bg').start()"
    )
    loaded = house.load("threads.py", good("(os.getppid(), threading.active_count())", extra))
    assert loaded["fork_safe"] is False
    assert "bg" in loaded["why_unsafe"]
    assert json.loads(house.run("threads.py", loaded, "t", fork_safe=False)["body"])["items"][1] == 2


def test_a_version_known_to_be_unsafe_is_never_forked_from_even_if_the_start_does_not_say_so(house: House) -> None:
    extra = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    loaded = house.load("threads.py", good(extra=extra))
    assert house.run("threads.py", loaded, "t")["body"] == b"1"


def test_a_file_sets_threads_before_a_library_reads_them(house: House) -> None:
    extra = (
        "import os, ctypes\n"
        "getenv = ctypes.CDLL(None).getenv; getenv.restype = ctypes.c_char_p\n"
        "before = os.environ.get('OMP_NUM_THREADS'), getenv(b'OMP_NUM_THREADS')\n"
        "os.environ.setdefault('OMP_NUM_THREADS', '3')\n"
        "after = getenv(b'OMP_NUM_THREADS').decode()\n"
        "def seen(): return [before[0], before[1].decode(), after, getenv(b'OMP_NUM_THREADS').decode(),\n"
        "    os.environ['OMP_NUM_THREADS'], getenv(b'OPENBLAS_NUM_THREADS')]"
    )
    loaded = house.load("threads.py", good("seen()", extra))
    assert json.loads(house.run("threads.py", loaded, "t")["body"]) == [None, "1", "3", "3", "3", None]


def test_two_imports_run_side_by_side_and_a_bad_one_disturbs_neither(house: House) -> None:
    house.write("slow.py", "import time\ntime.sleep(600)\n")
    house.write("crash.py", "import os\nos.abort()\n")
    house.write("good.py", good())
    slow = house.ask_to_load("slow.py", time_limit_s=DEADLINE_S)
    crash = house.ask_to_load("crash.py")
    fine = house.ask_to_load("good.py")
    assert house.wait_loaded(crash)[0]["k"] == "load_failed"
    loaded, _ = house.wait_loaded(fine)
    assert loaded["k"] == "loaded"
    assert house.run("good.py", loaded, "t")["outcome"] == "success"
    os.kill(zygote_of(house, "slow.py"), signal.SIGTERM)
    assert "SIGTERM" in house.wait_loaded(slow)[0]["error"]["message"]


def test_bundles_do_not_share_modules_of_one_name(house: House) -> None:
    for name in ("one", "two"):
        house.write(f"{name}/utils.py", f"NAME = '{name}'\n")
        house.write(f"{name}/dag.py", good("NAME", "from utils import NAME"))
    results = []
    for name in ("one", "two"):
        root = str(house.dags / name)
        source = {**messages.source(f"{root}/dag.py", root, [root], house.source("x")["python"])}
        house.request += 1
        house.engine.send(messages.load(house.request, source, 30, None))
        loaded, _ = house.wait_loaded(house.request)
        results.append(house.run(f"{name}/dag.py", loaded, "t", source={"root": root, "roots": [root]})["body"])
    assert results == [b'"one"', b'"two"']


def test_an_old_version_runs_from_its_kept_sources(house: House) -> None:
    house.write("helper.py", "VALUE = 'old'\n")
    old = house.load("dag.py", good("VALUE", "from helper import VALUE"))
    house.write("helper.py", "VALUE = 'new'\n")
    new = house.load("dag.py")
    assert old["version"] != new["version"]
    house.kill_crew()
    house.start_crew()
    assert house.run("dag.py", new, "t")["body"] == b'"new"'
    assert house.run("dag.py", old, "t", source={"kept": old["modules"]})["body"] == b'"old"'
    assert house.run("dag.py", old, "t")["body"] == b'"old"'  # found by its version alone


def test_a_version_that_is_not_kept_fails_the_attempt_with_a_sentence(house: House) -> None:
    house.write("dag.py", good())
    ended = house.run("dag.py", {"version": "0" * 64}, "t")
    assert ended["outcome"] == "failed"
    assert "is not kept" in ended["reason"]


def test_a_start_whose_file_is_broken_fails_with_the_imports_error(house: House) -> None:
    house.write("dag.py", "1 / 0\n")
    ended = house.run("dag.py", None, "t")
    assert ended["outcome"] == "failed"
    assert ended["error"]["type"] == "ZeroDivisionError"
    assert ended["error"]["line"] == 1


def test_an_import_may_ask_and_its_clock_stands_still(house: House) -> None:
    extra = "from airflow.models import Variable\nV = Variable.get('greeting')"
    house.write("asks.py", good("V", extra))
    request = house.ask_to_load("asks.py", time_limit_s=1.0)
    ask, _ = house.engine.wait("ask")
    assert (ask["what"], ask["key"]) == ("variable_get", "greeting")
    assert ask["token"] < 0
    time.sleep(1.5)  # longer than its limit: this wait is the thing under test
    house.engine.send(messages.answer(ask["token"], ask["request"], True, value="hello"))
    loaded, _ = house.wait_loaded(request)
    assert loaded["k"] == "loaded", loaded
    assert loaded["reads"] == [["variable", "greeting"]]
    assert house.run("asks.py", loaded, "t")["body"] == b'"hello"'


def test_a_zygote_killed_while_importing_is_started_again(house: House) -> None:
    marker = house.home.root / "came"
    extra = f"import time, pathlib\np = pathlib.Path({str(marker)!r})\n"
    extra += "if not p.exists():\n    p.write_text('x')\n    time.sleep(600)"
    house.write("slow.py", good(extra=extra))
    request = house.ask_to_load("slow.py")
    house.wait_for(marker)
    os.kill(zygote_of(house, "slow.py"), signal.SIGKILL)
    assert house.wait_loaded(request)[0]["k"] == "loaded"


def test_a_base_zygote_killed_is_replaced(house: House) -> None:
    first = house.load("dag.py", good())
    assert house.crew is not None
    (base,) = [pid for pid in children(house.crew.pid) if named(pid) == "venturi-base"]
    os.kill(base, signal.SIGKILL)
    wait_death(base)
    assert house.run("dag.py", first, "t")["outcome"] == "success"
    assert house.load("other.py", good("2"))["fork_safe"] is True


def test_an_interpreter_that_is_not_there_is_a_report(house: House) -> None:
    house.write("dag.py", good())
    house.request += 1
    source = {**house.source("dag.py"), "python": "/no/such/python"}
    house.engine.send(messages.load(house.request, source, 30, None))
    error = house.wait_loaded(house.request)[0]["error"]
    assert "/no/such/python cannot be started" in error["message"]


def test_an_interpreter_without_venturi_is_a_report(house: House) -> None:
    house.write("dag.py", good())
    house.request += 1
    source = {**house.source("dag.py"), "python": "/bin/false"}
    house.engine.send(messages.load(house.request, source, 30, None))
    error = house.wait_loaded(house.request)[0]["error"]
    assert "/bin/false could not be made ready. It says: it is no Python" in error["message"]


def test_an_interpreter_that_lacks_venturi_is_told_what_it_lacks(house: House, tmp_path: Path) -> None:
    venv.create(tmp_path / "plain", symlinks=True)
    python = str(tmp_path / "plain" / "bin" / "python")
    house.write("dag.py", good())
    house.request += 1
    house.engine.send(messages.load(house.request, {**house.source("dag.py"), "python": python}, 30, None))
    error = house.wait_loaded(house.request)[0]["error"]
    assert f"{python} could not be made ready. It has no Venturi on its path: install Venturi there" in error["message"]


def test_no_more_zygotes_are_kept_than_configured(make_house) -> None:
    house = make_house(file_zygotes_max=2)
    for i in range(5):
        house.load(f"f{i}.py", good())
    assert house.run("f4.py", house.load("f4.py"), "t")["outcome"] == "success"
    until = time.monotonic() + DEADLINE_S
    while len({named(p) for p in descendants(house.crew.pid) if named(p).startswith("vz:")}) > 2:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("seeded", [True, False])
def test_random_numbers_follow_the_files_seed_or_are_fresh(house: House, seeded: bool) -> None:
    extra = "import random\n" + ("random.seed(42)" if seeded else "")
    loaded = house.load("dag.py", good("random.random()", extra))
    values = {house.run("dag.py", loaded, "t")["body"] for _ in range(3)}
    assert len(values) == (1 if seeded else 3)


def test_a_changed_file_replaces_its_zygote_and_runs_anew(house: House) -> None:
    first = house.load("dag.py", good("1"))
    assert house.run("dag.py", first, "t")["body"] == b"1"
    second = house.load("dag.py", good("2"))
    assert house.run("dag.py", second, "t")["body"] == b"2"


def test_the_same_again_keeps_the_warm_zygote(house: House) -> None:
    loaded = house.load("dag.py", good())
    before = zygote_of(house, "dag.py")
    house.load("dag.py")
    assert house.run("dag.py", loaded, "t")["outcome"] == "success"
    assert zygote_of(house, "dag.py") == before
