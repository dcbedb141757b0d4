"""The script by which a wheel runs a function in another Python."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from venturi.airflow.python_script import SERIALIZERS, write_python_script

FILES = ("script.py", "given", "made", "texts", "failed")


def run(folder, source, **context):
    places = [str(folder / name) for name in FILES]
    about = {"pickling_library": "pickle", "python_callable": "work", "python_callable_source": source, **context}
    write_python_script(about, places[0])
    return subprocess.run([sys.executable, *places], capture_output=True, text=True)


def test_a_wheels_function_gets_its_arguments_and_texts_and_gives_its_result(tmp_path):
    (tmp_path / "given").write_bytes(pickle.dumps({"args": [2], "kwargs": {"b": 5}}))
    (tmp_path / "texts").write_text("x\ny\n")
    source = "def work(a, b):\n    return {'sum': a + b, 'texts': virtualenv_string_args}\n"
    said = run(tmp_path, source, op_args=[2], op_kwargs={"b": 5})
    assert said.returncode == 0, said.stderr
    assert pickle.loads((tmp_path / "made").read_bytes()) == {"sum": 7, "texts": ["x", "y"]}


def test_what_a_wheels_function_raises_is_left_in_its_file(tmp_path):
    said = run(tmp_path, "def work():\n    raise ValueError('not today')\n", string_args_global=False)
    assert said.returncode == 1
    assert (tmp_path / "failed").read_text() == "not today"


def test_serializers_are_imported_when_they_are_asked_for():
    assert "dill" in SERIALIZERS
    assert "marshal" not in SERIALIZERS
    assert len(list(SERIALIZERS)) == len(SERIALIZERS)
    assert SERIALIZERS["pickle"] is pickle
    with pytest.raises(KeyError):
        SERIALIZERS["marshal"]
