import subprocess
import sys
import textwrap


def test_each_line_of_a_log_record_is_marked_with_its_level():
    text = r"""
        import logging
        from venturi.sdk import logs
        logs.setup()
        from venturi import DAG, PythonOperator
        def work(ti):
            ti.log.debug("hidden")
            ti.log.info("one\ntwo %s", 5)
            logging.warning("careful")
            logging.getLogger("lib").error("bad")
            logging.critical("worse")
            raise ValueError("no")
        with DAG("d", schedule=None) as dag:
            PythonOperator(task_id="t", python_callable=work)
        dag.test()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, check=True)
    lines = done.stderr.rstrip("\n").split("\n")  # splitlines() would split at the mark
    assert lines[:5] == ["\x1eIone", "\x1eItwo 5", "\x1eWcareful", "\x1eElib: bad", "\x1eCworse"]
    assert lines[5] == "\x1eETraceback (most recent call last):"
    assert lines[-1] == "\x1eEValueError: no"
    assert all(line.startswith("\x1eE") for line in lines[5:])


def test_without_setup_nothing_is_marked():
    text = """
        from venturi import DAG, PythonOperator
        with DAG("d", schedule=None) as dag:
            PythonOperator(task_id="t", python_callable=lambda: 1 / 0)
        dag.test()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, check=True)
    assert "\x1e" not in done.stderr
    assert "ZeroDivisionError" in done.stderr
