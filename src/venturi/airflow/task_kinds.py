"""The kinds of `@task` under the names that the modules of `airflow.decorators` give them."""

from __future__ import annotations

from ..sdk.taskflow import task

python_task = task
bash_task = task.bash
branch_task = task.branch
branch_virtualenv_task = task.branch_virtualenv
branch_external_python_task = task.branch_external_python
external_python_task = task.external_python
virtualenv_task = task.virtualenv
sensor_task = task.sensor
short_circuit_task = task.short_circuit
stub_task = task.stub
TaskDecoratorCollection = type(task)
