"""What a plugin brings, from a folder of plugins or an installed package, is found under Airflow's names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

PLUGIN = """
    from datetime import timedelta

    from airflow.hooks.base import BaseHook
    from airflow.models import BaseOperator
    from airflow.plugins_manager import AirflowPlugin
    from airflow.sensors.base import BaseSensorOperator
    from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

    class MineOperator(BaseOperator):
        def execute(self, context):
            from airflow.hooks.mine import MineHook
            return MineHook().get_conn()

    class MineSensor(BaseSensorOperator):
        def poke(self, context):
            return True

    class MineHook(BaseHook):
        def get_conn(self):
            return "by the hook"

    class MineTimetable(Timetable):
        def infer_manual_data_interval(self, *, run_after):
            return DataInterval(start=run_after - timedelta(hours=1), end=run_after)

        def next_dagrun_info(self, *, last_automated_data_interval, restriction):
            return None

    def loud(text):
        return text.upper()

    class MinePlugin(AirflowPlugin):
        name = "mine"
        operators = [MineOperator]
        sensors = [MineSensor]
        hooks = [MineHook]
        macros = [loud]
        timetables = [MineTimetable]

        @classmethod
        def on_load(cls, *args, **kwargs):
            cls.loaded = True
    """
FLOW = """
    from airflow import DAG
    from airflow.operators.bash import BashOperator
    from airflow.operators.mine import MineOperator
    from airflow.sensors.mine import MineSensor
    from airflow.hooks.mine import MineHook
    from airflow.macros.mine import loud
    {timetable}
    with DAG("plugged", schedule={schedule}) as dag:
        MineSensor(task_id="waits", poke_interval=1) >> MineOperator(task_id="does")
        BashOperator(task_id="says", bash_command="echo {{{{ macros.mine.loud('said') }}}}")
    assert loud("x") == "X" and MineHook().get_conn() == "by the hook"
    """
RUN = """
import json, sys, types
from venturi.airflow.importer import install; install()
from venturi.sdk.collecting import collecting, dags_of
from venturi.sdk.describe import describe
from venturi.testing import run_dag
file = sys.argv[1]
module = types.ModuleType("flow"); module.__file__ = file; sys.modules["flow"] = module
with collecting() as collected:
    exec(compile(open(file).read(), file, "exec"), module.__dict__)
(dag,) = dags_of(module, collected)
describe(dag)
result = run_dag(dag)
print("\\n" + json.dumps({"state": result.state, "does": result.value("does"), "says": result.value("says")}))
"""


def ran(tmp_path, path, text):
    file = tmp_path / "flow.py"
    file.write_text(textwrap.dedent(text))
    env = {**os.environ, "PYTHONPATH": str(path), "VENTURI_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", RUN, str(file)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


EXPECTED = {"state": "success", "does": "by the hook", "says": "SAID"}


def test_a_plugin_of_a_folder_brings_operators_sensors_hooks_macros_and_timetables(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "mine_plugin.py").write_text(textwrap.dedent(PLUGIN))
    taken = "from mine_plugin import MineTimetable"
    assert ran(tmp_path, folder, FLOW.format(timetable=taken, schedule="MineTimetable()")) == EXPECTED


def test_a_plugin_of_an_installed_package_is_found_by_its_entry_point(tmp_path):
    site = tmp_path / "site"
    info = site / "mine-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "mine_package.py").write_text(textwrap.dedent(PLUGIN))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[airflow.plugins]\nmine = mine_package:MinePlugin\n")
    assert ran(tmp_path, site, FLOW.format(timetable="", schedule="None")) == EXPECTED


def test_a_plugin_that_cannot_be_read_does_not_take_the_others_with_it(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "a_broken_one.py").write_text("from airflow.plugins_manager import AirflowPlugin\n1 / 0\n")
    (folder / "mine_plugin.py").write_text(textwrap.dedent(PLUGIN))
    assert ran(tmp_path, folder, FLOW.format(timetable="", schedule="None")) == EXPECTED
