"""What the deployed template comes to, and what a run asks of the stack."""

from __future__ import annotations

from pathlib import Path

import pytest
from moto.s3.models import s3_backends

from local.aws.cloudformation import ACCOUNT
from local.aws.translation import DeploymentError
from local.stack import FunctionFailed, Stack

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Probe:
    Type: AWS::Serverless::Function
    Metadata: {{BuildMethod: rust-cargolambda, BuildProperties: {{Binary: probe}}}}
    Properties: {{CodeUri: probe, Runtime: provided.al2023, Handler: bootstrap, {extra}}}
"""

ROLE = "Role: 'arn:aws:iam::123456789012:role/probe'"


def test_the_functions_get_the_environment_that_the_template_resolves_to(stack: Stack) -> None:
    transform, load = stack.functions["TransformFunction"], stack.functions["LoadFunction"]
    assert transform.environment["LAKE_BUCKET"] == stack.outputs["LakeBucketName"]
    assert transform.on_failure_arn == stack.resources["TransformFailures"].arn
    assert load.environment["SNOWFLAKE_URL"] == "http://127.0.0.1:1"
    assert load.environment["SNOWFLAKE_PRIVATE_KEY_SECRET"] == stack.outputs["SnowflakeKeySecretArn"]


def test_secrets_are_generated_or_put(stack: Stack) -> None:
    client = stack.client("secretsmanager")
    salt = client.get_secret_value(SecretId=stack.functions["TransformFunction"].environment["HASH_SALT_SECRET"])
    assert len(salt["SecretString"]) == 64 and salt["SecretString"].isalnum()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId=stack.outputs["SnowflakeKeySecretArn"])
    stack.put_secret("SnowflakeKeySecret", "key")
    assert client.get_secret_value(SecretId=stack.outputs["SnowflakeKeySecretArn"])["SecretString"] == "key"


def test_functions_can_be_called(stack: Stack) -> None:
    assert stack.invoke("PublishFunction", {"task": "audit"})["event"] == {"task": "audit"}
    with pytest.raises(FunctionFailed, match="ValueError: no"):
        stack.invoke("PublishFunction", {"do": "error", "message": "no"})


def test_metrics_are_read_from_the_logs(stack: Stack) -> None:
    stack.invoke("PublishFunction", {"_aws": {"Timestamp": 1}, "RowsAccepted": 5})
    assert [metric["RowsAccepted"] for metric in stack.metrics()] == [5]


def test_waiting_names_what_is_busy(stack: Stack) -> None:
    stack.invoke_async("PublishFunction", {"do": "sleep", "seconds": 5})
    with pytest.raises(TimeoutError, match="invocations"):
        stack.wait_until_idle(timeout_s=0.5)


def test_an_object_stays_whole_for_its_readers_when_it_is_overwritten(stack: Stack) -> None:
    bucket, client = stack.outputs["LakeBucketName"], stack.client("s3")
    client.put_object(Bucket=bucket, Key="other/x", Body=b"first")
    reader = s3_backends[ACCOUNT]["aws"].get_object(bucket, "other/x")
    client.put_object(Bucket=bucket, Key="other/x", Body=b"second")
    assert reader.value == b"first"
    assert client.get_object(Bucket=bucket, Key="other/x")["Body"].read() == b"second"


def test_requests_leave_no_objects_in_the_bucket_of_access_logs(stack: Stack) -> None:
    buckets, client = s3_backends[ACCOUNT]["aws"].buckets, stack.client("s3")
    logged = buckets[stack.outputs["LakeBucketName"]]
    client.put_object(Bucket=logged.name, Key="other/logged", Body=b"x")
    assert list(buckets[logged.logging["TargetBucket"]].keys) == []


def test_an_unknown_parameter_is_refused() -> None:
    with Stack() as stack, pytest.raises(DeploymentError, match="Colour"):
        stack.deploy({"SnowflakeAccount": "LOCAL", "Colour": "red"})


@pytest.mark.parametrize(
    ("extra", "error"),
    [
        (ROLE, "cargo build --release"),
        (
            f"{ROLE}, DeadLetterQueue: {{Type: SQS, TargetArn: 'arn:aws:sqs:us-east-1:123456789012:q'}}",
            "on-failure destination",
        ),
        # Without a role of its own a function gets one with a managed policy.
        ("MemorySize: 128", "ManagedPolicyArns"),
    ],
)
def test_what_has_no_stand_in_is_refused_by_name(tmp_path: Path, extra: str, error: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.format(extra=extra))
    with Stack(template) as stack, pytest.raises(DeploymentError, match=f"Probe.*{error}"):
        stack.deploy({})


def test_a_stack_can_follow_another(stack: Stack, tmp_path: Path) -> None:
    first = stack.outputs["LakeBucketName"]
    stack.client("s3").put_object(Bucket=first, Key="other/x", Body=b"x")
    stack.stop()
    with Stack(commands=stack._commands, run_directory=tmp_path / "second") as second:
        second.deploy({"SnowflakeAccount": "LOCAL"})
        assert "Contents" not in second.client("s3").list_objects_v2(Bucket=first)
