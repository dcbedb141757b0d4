"""S3Hook, the S3 operators and S3KeySensor on moto's server."""

import pytest

HEAD = """
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.s3 import (
    S3CopyObjectOperator, S3CreateBucketOperator, S3CreateObjectOperator, S3DeleteBucketOperator,
    S3DeleteObjectsOperator, S3ListOperator,
)
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.amazon.aws.transfers.local_to_s3 import LocalFilesystemToS3Operator

with DAG("d", schedule=None, default_args={"aws_conn_id": "s3"}):
"""


@pytest.fixture
def ran(running, s3_address):
    extra = f'{{"endpoint_url": "{s3_address}", "region_name": "eu-west-1"}}'
    running.connection("s3", conn_type="aws", login="key", password="secret", extra=extra)

    def run(tasks, **more):
        lines = "".join(f"    {line}\n" for line in tasks.strip().splitlines())
        return running(HEAD + lines, **more)

    run.folder = running.folder
    return run


def work(body):
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"def work():\n    hook = S3Hook('s3')\n{lines}\nPythonOperator(task_id='t', python_callable=work)"


def test_files_texts_and_bytes_go_up_and_come_back(ran):
    (ran.folder / "model.bin").write_bytes(b"\x00\x01")
    result = ran(
        work(f"""
if not hook.check_for_bucket("models"):
    hook.create_bucket("models")
hook.load_file({str(ran.folder / "model.bin")!r}, "a/model.bin", "models")
hook.load_string("grüße", "s3://models/a/text", replace=True)
hook.load_bytes(b"raw", "b/raw", bucket_name="models")
down = hook.download_file("a/model.bin", "models")
kept = hook.download_file("a/model.bin", "models", local_path={str(ran.folder)!r}, preserve_file_name=True)
return {{
    "text": hook.read_key("a/text", "models"),
    "file": open(down, "rb").read(),
    "name": kept.rsplit("/", 1)[-1],
    "keys": hook.list_keys("models"),
    "under": hook.list_keys("models", prefix="a/"),
    "folders": hook.list_prefixes("models", delimiter="/"),
    "prefix": hook.check_for_prefix("a/", "/", "models"),
    "there": [hook.check_for_key("s3://models/b/raw"), hook.check_for_key("b/none", "models")],
    "wild": hook.get_wildcard_key("b/*", "models").key,
    "none": hook.get_wildcard_key("c/*", "models"),
    "size": hook.get_key("b/raw", "models").content_length,
    "url": "models" in hook.generate_presigned_url("get_object", {{"Bucket": "models", "Key": "b/raw"}}),
}}
""")
    )
    assert result.value("t") == {
        "text": "grüße",
        "file": b"\x00\x01",
        "name": "model.bin",
        "keys": ["a/model.bin", "a/text", "b/raw"],
        "under": ["a/model.bin", "a/text"],
        "folders": ["a/", "b/"],
        "prefix": True,
        "there": [True, False],
        "wild": "b/raw",
        "none": None,
        "size": 3,
        "url": True,
    }, result.errors


def test_a_key_that_is_there_is_replaced_only_when_asked(ran):
    result = ran(
        work("""
hook.create_bucket("again")
hook.load_string("one", "k", "again")
hook.load_string("two", "k", "again", replace=True)
hook.load_string("three", "k", "again")
""")
    )
    assert result.errors["t", -1]["message"] == "The key k already exists."


def test_operators_make_copy_list_and_delete(ran):
    (ran.folder / "local.csv").write_text("1\n")
    result = ran(
        f"""
make = S3CreateBucketOperator(task_id="make", bucket_name="flow")
put = S3CreateObjectOperator(task_id="put", s3_bucket="flow", s3_key="day={{{{ ds }}}}/one", data="{{{{ ds }}}}")
up = LocalFilesystemToS3Operator(task_id="up", filename={str(ran.folder / "local.csv")!r}, dest_key="s3://flow/up.csv")
copy = S3CopyObjectOperator(task_id="copy", source_bucket_key="s3://flow/up.csv", dest_bucket_name="flow",
                            dest_bucket_key="copy.csv")
wait = S3KeySensor(task_id="wait", bucket_key=["s3://flow/copy.csv", "s3://flow/day=*/one"], wildcard_match=True,
                   poke_interval=0)
keys = S3ListOperator(task_id="keys", bucket="flow")
drop = S3DeleteObjectsOperator(task_id="drop", bucket="flow", prefix="day=")
left = S3ListOperator(task_id="left", bucket="flow")
gone = S3DeleteBucketOperator(task_id="gone", bucket_name="flow", force_delete=True)
make >> [put, up] >> copy >> wait >> keys >> drop >> left >> gone
""",
        logical_date="2024-02-03",
    )
    assert result.state == "success", result.errors
    assert result.value("keys") == ["copy.csv", "day=2024-02-03/one", "up.csv"]
    assert result.value("left") == ["copy.csv", "up.csv"]


def test_a_sensor_looks_at_what_it_finds(ran):
    result = ran(
        """
seen = []
def check(files, **context):
    seen.append((context["ds"], files))
    return len(seen) > 1
make = S3CreateBucketOperator(task_id="make", bucket_name="sizes")
put = S3CreateObjectOperator(task_id="put", s3_bucket="sizes", s3_key="k", data="four")
make >> put >> S3KeySensor(task_id="t", bucket_name="sizes", bucket_key="k", check_fn=check, poke_interval=0)
put >> S3KeySensor(task_id="never", bucket_key="s3://sizes/none", poke_interval=0, timeout=0)
PythonOperator(task_id="told", python_callable=lambda: seen) << make.dag.task_dict["t"]
""",
        logical_date="2024-02-03",
    )
    assert result.state_of("t") == "success", result.errors
    assert result.state_of("never") == "failed"
    assert result.value("told") == [("2024-02-03", [{"Size": 4, "Key": "k"}])] * 2


def test_a_deferrable_sensor_waits_in_a_trigger_and_its_check_is_asked_in_the_task(ran, monkeypatch):
    from venturi import testing
    from venturi.sdk.services.s3 import S3Hook

    waits = []
    go_on = testing._gone_on

    def noting(wait):
        waits.append(wait.trigger)
        S3Hook("s3").load_string("four", "k", "later", replace=True)
        return go_on(wait)

    monkeypatch.setattr(testing, "_gone_on", noting)
    sensor = 'bucket_name="later", poke_interval=0.01, deferrable=True'
    result = ran(
        f"""
seen = []
def check(files, **context):
    seen.append((context["ds"], files))
    return len(seen) > 1
make = S3CreateBucketOperator(task_id="make", bucket_name="later")
make >> S3KeySensor(task_id="t", bucket_key="k*", wildcard_match=True, check_fn=check, {sensor})
make >> S3KeySensor(task_id="plain", bucket_key="k", {sensor}) << make.dag.task_dict["t"]
make >> S3KeySensor(task_id="never", bucket_key="none", timeout=0.05, {sensor})
PythonOperator(task_id="told", python_callable=lambda: seen) << make.dag.task_dict["t"]
""",
        logical_date="2024-02-03",
    )
    assert [result.state_of(name) for name in ("t", "plain", "never")] == ["success", "success", "failed"]
    assert result.value("told") == [("2024-02-03", [{"Size": 4, "Key": "k"}])] * 2
    assert set(waits) == {"venturi.sdk.services.deferred.PokeTrigger"}


def test_addresses_are_read_in_every_form():
    from venturi.sdk.exceptions import AirflowException
    from venturi.sdk.services.s3 import S3Hook

    for url in (
        "s3://b/k/1",
        "s3a://b/k/1",
        "https://b.s3.eu-west-1.amazonaws.com/k/1",
        "https://s3.amazonaws.com/b/k/1",
    ):
        assert S3Hook.parse_s3_url(url) == ("b", "k/1"), url
    with pytest.raises(AirflowException, match="bucket name"):
        S3Hook.parse_s3_url("k/1")
    with pytest.raises(TypeError, match="relative path"):
        S3Hook.get_s3_bucket_key("b", "s3://b/k")


def test_without_a_connection_boto3_finds_its_own_way(running, s3_address, monkeypatch, caplog):
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("ENDPOINT_URL", s3_address)):
        monkeypatch.setenv(f"AWS_{name}", value)
    result = running(
        HEAD
        + """
    def names():
        hook = S3Hook()
        hook.create_bucket("own-way", region_name="us-east-1")
        return hook.check_for_bucket("own-way"), hook.check_for_bucket("no-such-bucket")
    PythonOperator(task_id="t", python_callable=names)
"""
    )
    assert result.value("t") == (True, False), result.errors
    assert any("There is no connection 'aws_default'" in line for line in caplog.messages)
