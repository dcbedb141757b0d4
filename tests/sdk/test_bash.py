import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from venturi import DAG, BashOperator, task
from venturi.sdk.bash import LAST_LINE_CHARS_MAX, LastLine
from venturi.testing import run_dag


def bash(command, **arguments):
    with DAG("d", schedule=None) as dag:
        BashOperator(task_id="b", bash_command=command, **arguments)
    return run_dag(dag, logical_date="2024-01-05")


def test_the_last_line_of_the_output_is_the_value_and_all_of_it_is_printed(capsys):
    result = bash("echo one; echo two >&2; printf 'three  '")
    assert result.value("b") == "three"
    assert capsys.readouterr().out == "one\ntwo\nthree  "


def test_a_failed_command_is_told_in_one_sentence_without_our_own_frames(capsys):
    (error,) = bash("exit 7").errors.values()
    sentence = "Bash command failed. The command returned a non-zero exit code 7."
    assert (error["message"], error["traceback"]) == (sentence, f"AirflowException: {sentence}\n")
    assert capsys.readouterr().err.count("\n") == 1


def test_an_empty_command_succeeds():
    result = bash("")
    assert (result.state, result.value("b")) == ("success", "")


@pytest.mark.parametrize(
    ("code", "arguments", "state"),
    [
        (1, {}, "failed"),
        (99, {}, "skipped"),
        (98, {"skip_on_exit_code": [97, 98]}, "skipped"),
        (99, {"skip_on_exit_code": None}, "failed"),
        (7, {"skip_exit_code": 7}, "skipped"),
    ],
)
def test_the_exit_code_decides(code, arguments, state):
    assert bash(f"exit {code}", **arguments).state_of("b") == state


def test_a_failing_command_says_its_exit_code_or_signal():
    assert "non-zero exit code 3" in bash("exit 3").errors[("b", -1)]["message"]
    assert "signal SIGKILL" in bash("kill -9 $$").errors[("b", -1)]["message"]


def test_env_replaces_the_environment_unless_it_is_appended(monkeypatch):
    monkeypatch.setenv("OUTSIDE", "seen")
    assert bash('echo "[$OUTSIDE][$X]"', env={"X": "{{ ds }}"}).value("b") == "[][2024-01-05]"
    assert bash('echo "[$OUTSIDE][$X]"', env={"X": "y"}, append_env=True).value("b") == "[seen][y]"
    assert bash('echo "[$OUTSIDE]"').value("b") == "[seen]"


def test_a_command_is_told_about_its_task():
    command = "echo $AIRFLOW_CTX_DAG_ID $AIRFLOW_CTX_TASK_ID $AIRFLOW_CTX_TRY_NUMBER"
    assert bash(command).value("b") == "d b 1"


def test_it_runs_in_the_folder_given_else_in_one_of_its_own(tmp_path):
    assert bash("pwd -P", cwd=str(tmp_path)).value("b") == str(tmp_path.resolve())
    own = bash("touch x; pwd").value("b")
    assert "airflowtmp" in own
    assert not Path(own).exists()
    assert "Can not find the cwd" in bash("pwd", cwd="/no/such/folder").errors[("b", -1)]["message"]


def test_the_output_processor_makes_the_value():
    import json

    assert bash("""echo '{"a": 1}'""", output_processor=json.loads).value("b") == {"a": 1}


def test_output_that_is_no_utf8_is_escaped():
    assert bash(r"printf '\xff\xc3\xa9'").value("b") == "\\xffé"


def test_task_bash_runs_what_the_function_returns():
    with DAG("d", schedule=None) as dag:

        @task.bash(env={"X": "1"}, append_env=True)
        def command(n, ds):
            return f"echo {n} $X {{{{ ds }}}} {ds}"

        @task.bash
        def nothing():
            return ""

        command(5)
        nothing()
    result = run_dag(dag, logical_date="2024-01-05")
    assert result.value("command") == "5 1 2024-01-05 2024-01-05"
    assert "non-empty string" in result.errors[("nothing", -1)]["message"]


def test_it_works_with_no_locale_and_no_home():
    text = """
        from venturi import DAG, BashOperator
        with DAG("d", schedule=None) as dag:
            BashOperator(task_id="b", bash_command="printf 'h\\\\303\\\\251'")
        print(ascii(dag.test().value("b")))
    """
    for locale in ({}, {"LC_ALL": "UTF-8"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}):
        env = {"PATH": os.environ["PATH"], **locale}
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(text)],
            env=env,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        assert done.stdout.endswith("'h\\xe9'\n"), done


def test_sigterm_ends_the_command_and_all_it_started(tmp_path):
    text = f"""
        import os
        from venturi import DAG, BashOperator
        with DAG("d", schedule=None) as dag:
            BashOperator(task_id="b", bash_command="sleep 300 & echo $! >{tmp_path}/pid; echo ready; wait")
        print(dag.test().state_of("b"))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    sleeper = os.pidfd_open(int((tmp_path / "pid").read_text()))
    process.send_signal(signal.SIGTERM)
    assert process.stdout.read() == "failed\n"
    process.wait()
    import select

    assert select.select([sleeper], [], [], 10)[0]
    os.close(sleeper)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_last_line_is_found_in_pieces_of_any_size(size):
    for text, expected in (("a\nb\n", "b"), ("a\nbc", "bc"), ("", ""), ("\n", ""), ("a\n\n", ""), ("one", "one")):
        last = LastLine()
        for at in range(0, len(text), size):
            last.feed(text[at : at + size])
        assert last.value() == expected, text


def test_a_last_line_without_end_is_held_in_bounded_memory():
    last = LastLine()
    for _ in range(40):
        last.feed("x" * 100_000)
    assert len(last.value()) == LAST_LINE_CHARS_MAX
    last.feed("\nshort\n")
    assert last.value() == "short"
