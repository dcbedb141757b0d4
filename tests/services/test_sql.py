"""SQL hooks, operators, checks and the sensor, on SQLite here and on a real Postgres server."""

import pytest

from venturi.sdk.services.sql_checks import within
from venturi.sdk.services.statements import split

HEAD = """
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator, SQLCheckOperator, SQLColumnCheckOperator, SQLExecuteQueryOperator, SQLInsertRowsOperator,
    SQLIntervalCheckOperator, SQLTableCheckOperator, SQLThresholdCheckOperator, SQLValueCheckOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.sqlite.hooks.sqlite import SqliteHook
from airflow.operators.postgres_operator import PostgresOperator
from airflow.operators.sqlite_operator import SqliteOperator

with DAG("d", schedule=None):
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, running, tmp_path):
    """Runs tasks in a schema that holds the table `animals`; `db` is the connection."""
    if request.param == "sqlite":
        running.connection("db", conn_type="sqlite", host=str(tmp_path / "animals.db"))
    else:
        fields = request.getfixturevalue("postgres")
        running.connection("db", **fields, extra='{"options": "-c client_min_messages=warning"}')

    def run(tasks, **more):
        lines = "".join(f"    {line}\n" for line in tasks.strip().splitlines())
        return running(HEAD + lines, **more)

    run.kind = request.param
    made = run("""
SQLExecuteQueryOperator(task_id="make", conn_id="db", split_statements=True, do_xcom_push=False, sql='''
    DROP TABLE IF EXISTS animals; -- the old; one
    CREATE TABLE animals (name TEXT PRIMARY KEY, legs INTEGER, ds TEXT);
    INSERT INTO animals VALUES ('cat; or dog', 4, '2024-02-03'), ('bird', 2, '2024-02-03'), ('ant', 6, '2024-01-27');
''')""")
    assert made.state == "success", made.errors
    return run


def test_rows_are_the_value(database):
    result = database(
        """SQLExecuteQueryOperator(task_id="t", conn_id="db",
        sql="SELECT name, legs FROM animals WHERE ds = '{{ ds }}' ORDER BY legs")""",
        logical_date="2024-02-03",
    )
    assert result.value("t") == [("bird", 2), ("cat; or dog", 4)], result.errors


def test_parameters_are_bound_and_never_pasted(database):
    mark = "%s" if database.kind == "postgres" else "?"
    result = database(f"""SQLExecuteQueryOperator(task_id="t", conn_id="db", parameters=["ant' OR 'a'='a"],
        sql="SELECT count(*) FROM animals WHERE name = {mark}")""")
    assert result.value("t") == [(0,)], result.errors


def test_a_list_gives_a_list_and_a_text_its_last_statement(database):
    result = database("""
SQLExecuteQueryOperator(task_id="each", conn_id="db", sql=["SELECT 1", "SELECT 2"])
SQLExecuteQueryOperator(task_id="last", conn_id="db", sql="SELECT 1; SELECT 2")
SQLExecuteQueryOperator(task_id="all", conn_id="db", sql="SELECT 1; SELECT 2", split_statements=True, return_last=False)
""")
    assert result.value("each") == [[(1,)], [(2,)]], result.errors
    assert result.value("last") == [(2,)]
    assert result.value("all") == [[(1,)], [(2,)]]


def test_a_template_file_is_the_statement(database, running):
    (running.folder / "count.sql").write_text("SELECT count(*) FROM animals WHERE legs > {{ params.legs }}\n")
    result = database('SQLExecuteQueryOperator(task_id="t", conn_id="db", sql="count.sql", params={"legs": 3})')
    assert result.value("t") == [(2,)], result.errors


def test_nothing_is_kept_of_a_failed_list(database):
    result = database("""
SQLExecuteQueryOperator(task_id="t", conn_id="db", sql=["DELETE FROM animals", "SELECT nonsense FROM nowhere"])
SQLExecuteQueryOperator(task_id="after", conn_id="db", sql="SELECT count(*) FROM animals")
""")
    assert result.state_of("t") == "failed"
    assert result.value("after") == [(3,)]


def test_the_old_operators_are_there(database):
    kind = "Postgres" if database.kind == "postgres" else "Sqlite"
    result = database(f'{kind}Operator(task_id="t", {kind.lower()}_conn_id="db", sql="SELECT max(legs) FROM animals")')
    assert result.value("t") == [(6,)], result.errors


def test_hooks_read_and_write(database, tmp_path):
    kind = "Postgres" if database.kind == "postgres" else "Sqlite"
    result = database(f"""
def work():
    hook = {kind}Hook({kind.lower()}_conn_id="db")
    rows = [("cow", 4, None), ("spider", 8, None)]
    hook.insert_rows("animals", rows, target_fields=["name", "legs", "ds"], commit_every=1)
    hook.run("UPDATE animals SET legs = legs + 1 WHERE name = 'cow'")
    first = hook.get_first("SELECT legs FROM animals WHERE name = 'cow'")
    engine = hook.get_sqlalchemy_engine()
    with engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM animals").scalar()
    columns = [column["name"] for column in hook.inspector.get_columns("animals")]
    return first, hook.get_records("SELECT name FROM animals WHERE legs > 7"), count, columns, hook.test_connection()[0]

PythonOperator(task_id="t", python_callable=work)
""")
    assert result.value("t") == ((5,), [("spider",)], 5, ["name", "legs", "ds"], True), result.errors


def test_frames_are_pandas(database):
    pytest.importorskip("pandas")
    kind = "Postgres" if database.kind == "postgres" else "Sqlite"
    result = database(f"""
def work():
    frame = {kind}Hook("db").get_pandas_df("SELECT name, legs FROM animals ORDER BY legs")
    return list(frame.columns), int(frame["legs"].sum())

PythonOperator(task_id="t", python_callable=work)
""")
    assert result.value("t") == (["name", "legs"], 12), result.errors


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ('SQLCheckOperator(task_id="t", conn_id="db", sql="SELECT count(*), 1 FROM animals")', None),
        ('SQLCheckOperator(task_id="t", conn_id="db", sql="SELECT 0 FROM animals")', "Test failed."),
        ('SQLCheckOperator(task_id="t", conn_id="db", sql="SELECT 1 FROM animals WHERE legs > 9")', "zero rows"),
        ('SQLValueCheckOperator(task_id="t", conn_id="db", sql="SELECT max(legs) FROM animals", pass_value=6)', None),
        (
            'SQLValueCheckOperator(task_id="t", conn_id="db", sql="SELECT max(legs) FROM animals", pass_value=7)',
            "Pass value",
        ),
        (
            'SQLValueCheckOperator(task_id="t", conn_id="db", sql="SELECT max(legs) FROM animals", pass_value=7, '
            "tolerance=0.2)",
            None,
        ),
        (
            'SQLThresholdCheckOperator(task_id="t", conn_id="db", sql="SELECT max(legs) FROM animals", '
            'min_threshold=1, max_threshold="SELECT sum(legs) FROM animals")',
            None,
        ),
        (
            'SQLThresholdCheckOperator(task_id="t", conn_id="db", sql="SELECT max(legs) FROM animals", '
            "min_threshold=7, max_threshold=9)",
            "is not within 7.0 and 9.0",
        ),
        (
            'SQLIntervalCheckOperator(task_id="t", conn_id="db", table="animals", '
            'metrics_thresholds={"sum(legs)": 1.5, "count(*)": 3})',
            None,
        ),
        (
            'SQLIntervalCheckOperator(task_id="t", conn_id="db", table="animals", metrics_thresholds={"count(*)": 2})',
            "ratio 2.0, threshold 2",
        ),
        (
            'SQLTableCheckOperator(task_id="t", conn_id="db", table="animals", '
            'checks={"some_legs": {"check_statement": "legs > 0"}}, partition_clause="ds = \'{{ ds }}\'")',
            None,
        ),
        (
            'SQLTableCheckOperator(task_id="t", conn_id="db", table="animals", '
            'checks={"four_legs": {"check_statement": "legs >= 4"}})',
            "Check: four_legs",
        ),
        (
            'SQLColumnCheckOperator(task_id="t", conn_id="db", table="animals", column_mapping={"legs": '
            '{"null_check": {"equal_to": 0}, "min": {"geq_to": 2}, "max": {"less_than": 7}}})',
            None,
        ),
        (
            'SQLColumnCheckOperator(task_id="t", conn_id="db", table="animals", column_mapping={"legs": '
            '{"max": {"less_than": 6}}})',
            "Column: legs, Check: max",
        ),
    ],
)
def test_checks_hold_or_fail(database, task, message):
    result = database(task, logical_date="2024-02-03")
    if message is None:
        assert result.state == "success", result.errors
    else:
        assert message in result.errors["t", -1]["message"]


def test_a_branch_follows_the_answer(database):
    result = database("""
branch = BranchSQLOperator(task_id="branch", conn_id="db", sql="SELECT count(*) > 2 FROM animals",
                           follow_task_ids_if_true="many", follow_task_ids_if_false=["few"])
branch >> [PythonOperator(task_id=name, python_callable=print) for name in ("many", "few")]
""")
    assert (result.state_of("many"), result.state_of("few")) == ("success", "skipped"), result.errors


def test_a_sensor_waits_for_a_row(database):
    result = database("""
found = []
def seen(value):
    found.append(value)
    return len(found) > 2
SqlSensor(task_id="t", conn_id="db", sql="SELECT legs FROM animals WHERE name = 'ant'", success=seen, poke_interval=0)
SqlSensor(task_id="never", conn_id="db", sql="SELECT 1 FROM animals WHERE legs > 9", fail_on_empty=True)
""")
    assert result.state_of("t") == "success", result.errors
    assert "No rows returned" in result.errors["never", -1]["message"]


def test_rows_of_another_task_are_inserted(database):
    result = database("""
def rows():
    return [{"name": "fish", "legs": 0}, {"name": "fly", "legs": 6}]
made = PythonOperator(task_id="made", python_callable=rows)
insert = SQLInsertRowsOperator(task_id="insert", conn_id="db", table_name="animals", rows=made.output)
insert >> SQLExecuteQueryOperator(task_id="t", conn_id="db", sql="SELECT sum(legs) FROM animals")
""")
    assert result.value("t") == [(18,)], result.errors


# ── Postgres alone ──


@pytest.fixture
def postgres_ran(running, postgres):
    running.connection("db", **postgres)

    def run(body):
        lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
        return running(HEAD + lines)

    return run


def test_whole_tables_are_copied(postgres_ran, tmp_path):
    (tmp_path / "in.csv").write_text("a,1\nb,2\n")
    result = postgres_ran(f"""
def work():
    hook = PostgresHook("db")
    hook.run("DROP TABLE IF EXISTS copied; CREATE TABLE copied (name TEXT, n INT)")
    hook.copy_expert("COPY copied FROM STDIN WITH CSV", {str(tmp_path / "in.csv")!r})
    hook.copy_expert("COPY (SELECT name FROM copied ORDER BY n DESC) TO STDOUT WITH CSV", {str(tmp_path / "out.csv")!r})
PythonOperator(task_id="t", python_callable=work)
""")
    assert result.state == "success", result.errors
    assert (tmp_path / "out.csv").read_text() == "b\na\n"


def test_rows_are_replaced_by_their_key(postgres_ran):
    result = postgres_ran("""
def work():
    hook = PostgresHook("db")
    hook.run("DROP TABLE IF EXISTS kept; CREATE TABLE kept (id INT PRIMARY KEY, word TEXT)")
    for rows in ([(1, "old"), (2, "stays")], [(1, "new")]):
        hook.insert_rows("kept", rows, ["id", "word"], replace=True, replace_index="id")
    return hook.get_records("SELECT * FROM kept ORDER BY id"), hook.get_table_primary_key("kept")
PythonOperator(task_id="t", python_callable=work)
""")
    assert result.value("t") == ([(1, "new"), (2, "stays")], ["id"]), result.errors


def test_rows_by_name_and_another_database(running, postgres):
    running.connection("db", **{**postgres, "schema": "postgres"}, extra='{"cursor": "realdictcursor"}')
    result = running(
        HEAD
        + """
    def work():
        hook = PostgresHook("db", database="template1")
        return hook.get_first("SELECT current_database() AS name")["name"]
    PythonOperator(task_id="t", python_callable=work)
"""
    )
    assert result.value("t") == "template1", result.errors


def test_a_server_that_does_not_answer_is_named(running, caplog):
    # S5.23
    running.connection("db", conn_type="postgres", host="127.0.0.1", port=1, login="me")
    result = running(HEAD + '    PostgresOperator(task_id="t", postgres_conn_id="db", sql="SELECT 1")')
    assert result.state == "failed"
    assert any("Postgres does not answer as the connection 'db' says (127.0.0.1:1)" in line for line in caplog.messages)


# ── alone ──


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a; b;", ["a", "b"]),
        ("a 'x;y'';' ; b -- c; d\n; e", ["a 'x;y'';'", "b", "e"]),
        ('/* ; */ a; "n;m"', ["a", '"n;m"']),
        ("DO $x$ a; b; $x$; c", ["DO $x$ a; b; $x$", "c"]),
        ("CREATE TRIGGER t BEGIN a; b; END; c", ["CREATE TRIGGER t BEGIN a; b; END", "c"]),
        (" ; ; ", []),
    ],
)
def test_a_text_is_split_at_its_own_semicolons(text, parts):
    assert split(text) == parts


def test_a_tolerance_widens_the_limits():
    assert within({"equal_to": 10, "tolerance": 0.1}, 11)
    assert not within({"equal_to": 10, "tolerance": 0.1}, 11.5)
    assert within({"geq_to": -10, "tolerance": 0.1}, -11)
    assert not within({"greater_than": 3, "leq_to": 5}, 3)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({}, "has no limit"),
        ({"geq_to": 1, "greater_than": 1}, "give one of the two"),
        ({"equal_to": 1, "leq_to": 2}, "leave it or them out"),
        ({"greater_than": 2, "less_than": 2}, "leave nothing between them"),
    ],
)
def test_limits_that_cannot_be_meant_are_told_at_once(running, check, message):
    with pytest.raises(ValueError, match=message):
        running.load(
            HEAD
            + f"""
    SQLColumnCheckOperator(task_id="t", conn_id="db", table="a", column_mapping={{"c": {{"max": {check!r}}}}})
"""
        )
