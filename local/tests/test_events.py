"""Notifications, queues and retries as template.yaml wires them, with a scripted function."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from local.aws.events import encode_key
from local.aws.instance import Report, Result
from local.aws.sqs_poller import failed_ids
from local.stack import Stack
from local.tests.test_lambda_service import EVENTS, shape


def events(stack: Stack, function: str) -> list[dict[str, Any]]:
    """The events that a function received, without the s3:TestEvent of the queue."""
    logs = stack.logs / stack.functions[function].name
    received = [json.loads(line) for log in sorted(logs.glob("*.log")) for line in log.read_text().splitlines()]
    for event in received:
        event["Records"] = [record for record in event["Records"] if "s3:TestEvent" not in record.get("body", "")]
    return [event for event in received if event["Records"]]


def put(stack: Stack, key: str, body: bytes = b"x") -> None:
    """Puts an object into the lake."""
    stack.client("s3").put_object(Bucket=stack.outputs["LakeBucketName"], Key=key, Body=body)


def test_a_landing_object_invokes_transform_with_a_complete_event(stack: Stack) -> None:
    put(stack, "landing/year=2026/a b+c.gz", b"abc")
    put(stack, "elsewhere/x")
    stack.wait_until_idle()
    [event] = events(stack, "TransformFunction")
    sample = json.loads((EVENTS / "transform-s3-several-records.json").read_text())["Records"]
    versioned = next(record for record in sample if "versionId" in record["s3"]["object"])
    assert shape(event["Records"][0]) == shape(versioned)
    stored = event["Records"][0]["s3"]["object"]
    assert stored["key"] == "landing/year%3D2026/a+b%2Bc.gz"
    head = stack.client("s3").head_object(Bucket=stack.outputs["LakeBucketName"], Key="landing/year=2026/a b+c.gz")
    assert (stored["size"], stored["versionId"], stored["eTag"]) == (3, head["VersionId"], head["ETag"].strip('"'))


def test_multipart_uploads_and_copies_notify_once_under_their_own_names(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["LakeBucketName"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="landing/m")
    where = {"Bucket": bucket, "Key": "landing/m", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**where, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.copy_object(Bucket=bucket, Key="landing/c", CopySource={"Bucket": bucket, "Key": "landing/m"})
    stack.wait_until_idle()
    names = sorted(event["Records"][0]["eventName"] for event in events(stack, "TransformFunction"))
    assert names == ["ObjectCreated:CompleteMultipartUpload", "ObjectCreated:Copy"]


def test_a_versioned_bucket_names_the_version(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["LakeBucketName"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="landing/v", Body=b"x")["VersionId"]
    stack.wait_until_idle()
    [event] = events(stack, "TransformFunction")
    assert event["Records"][0]["s3"]["object"]["versionId"] == version


def test_an_object_that_keeps_failing_ends_in_the_failure_destination(stack: Stack) -> None:
    put(stack, "landing/poison")
    stack.wait_until_idle()
    [record] = stack.messages(stack.outputs["TransformFailuresUrl"])
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "landing/poison"
    assert len(events(stack, "TransformFunction")) == 3


def test_processed_and_ledger_objects_reach_load_in_batches(stack: Stack) -> None:
    for index in range(30):
        put(stack, f"processed/{index}.parquet")
    put(stack, "ledger/1.json")
    stack.wait_until_idle()
    received = events(stack, "LoadFunction")
    records = [record for event in received for record in event["Records"]]
    assert len(records) == 31 and len(received) < 10
    assert {"messageId", "receiptHandle", "body", "attributes", "md5OfBody", "eventSourceARN"} <= records[0].keys()
    assert records[0]["eventSourceARN"] == stack.resources["LoadQueue"].arn
    assert json.loads(records[0]["body"])["Records"][0]["s3"]["object"]["key"].startswith(("processed/", "ledger/"))


def test_what_is_copied_to_processed_is_not_announced_to_load(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["LakeBucketName"]
    put(stack, "processed/put")
    s3.copy_object(Bucket=bucket, Key="processed/copied", CopySource={"Bucket": bucket, "Key": "processed/put"})
    stack.wait_until_idle()
    records = [json.loads(record["body"]) for event in events(stack, "LoadFunction") for record in event["Records"]]
    assert [record["Records"][0]["s3"]["object"]["key"] for record in records] == ["processed/put"]


def test_only_the_failed_messages_return_and_end_in_the_dead_letter_queue(stack: Stack) -> None:
    put(stack, "processed/poison")
    put(stack, "processed/good")
    stack.wait_until_idle()
    [dead] = stack.messages(stack.outputs["LoadDeadLetterQueueUrl"])
    assert dead["Records"][0]["s3"]["object"]["key"] == "processed/poison"
    bodies = [record["body"] for event in events(stack, "LoadFunction") for record in event["Records"]]
    assert sum("poison" in body for body in bodies) == 5
    assert sum("good" in body for body in bodies) == 1


def test_notifications_can_be_delivered_again_in_another_order(stack: Stack) -> None:
    for index in range(5):
        put(stack, f"landing/{index}")
    stack.wait_until_idle()
    assert stack.events.redeliver("landing/", times=2, shuffle=random.Random(1)) == 10
    stack.wait_until_idle()
    keys = [event["Records"][0]["s3"]["object"]["key"] for event in events(stack, "TransformFunction")]
    assert sorted(keys) == sorted([f"landing/{index}" for index in range(5)] * 3)


def test_the_delivery_stream_lands_objects_that_transform_hears_of(stack: Stack) -> None:
    stack.client("firehose").put_record(
        DeliveryStreamName=stack.outputs["LandingStreamName"], Record={"Data": b"{}\n"}
    )
    stack.wait_until_idle()
    [event] = events(stack, "TransformFunction")
    assert event["Records"][0]["s3"]["object"]["key"].startswith("landing/year%3D")


def test_keys_are_encoded_as_s3_does() -> None:
    assert encode_key("landing/year=2026/ü a+b*~.gz") == "landing/year%3D2026/%C3%BC+a%2Bb*~.gz"


@pytest.mark.parametrize(
    ("payload", "failed"),
    [
        (b"", set()),
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', {"a"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"id": "a"}]}', {"a", "b"}),
        (b"not json", {"a", "b"}),
    ],
)
def test_batch_answers_are_read_as_the_service_reads_them(payload: bytes, failed: set[str]) -> None:
    report = Report("f", "r", 0, 0, 0, None, 128, 0, None)
    assert failed_ids(Result(payload, False, report, b""), ["a", "b"], True) == failed
    assert failed_ids(Result(payload, True, report, b""), ["a", "b"], True) == {"a", "b"}
    assert failed_ids(Result(payload, False, report, b""), ["a", "b"], False) == set()
