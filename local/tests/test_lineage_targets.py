"""Where lineage events go, and that whatever becomes of them there, rows and accounts are the same."""

from __future__ import annotations

import ipaddress
import itertools
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from local.aws.cloudformation import ACCOUNT, REGION
from local.stack import Stack
from local.tests.lineage_receiver import Receiver
from local.tests.openlineage_reader import read_event
from local.tests.pipeline import TIMING, Pipeline, deployed, new_key, snowline

LAKE = f"snowline-{ACCOUNT}-{REGION}"
SEND_LIMIT_MS = 2_000
KEY_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lineage-key"


def orders(seed: int) -> bytes:
    return snowline("generate", "--count", "100", "--seed", str(seed), "--bad", "0.1", "--duplicates", "0")


SEEDS = itertools.count(1)


def flow(pipeline: Pipeline) -> None:
    """Takes an object to analytics; nothing may fail, and every row must be where the ledger says."""
    seed = next(SEEDS)
    staged, reports = len(pipeline.rows("staging.orders")), len(pipeline.stack.reports)
    key = pipeline.land(f"object-{seed}", orders(seed))
    pipeline.settle()
    entry = pipeline.ledger()[key]
    assert entry["rows_read"] == entry["rows_accepted"] + entry["rows_rejected"] == 100
    assert entry["rows_rejected"] > 0
    assert len(pipeline.rows("staging.orders")) == staged + entry["rows_accepted"]
    assert pipeline.publish("audit")["findings"] == []
    assert pipeline.publish("merge")["inserted"] > 0
    assert [report.error for report in pipeline.stack.reports[reports:]] == [None] * (
        len(pipeline.stack.reports) - reports
    )


def lost(pipeline: Pipeline) -> dict[str, int]:
    """The lineage events that could not be sent, by function."""
    counts: dict[str, int] = {}
    for line in pipeline.stack.metrics():
        if "LineageFailures" in line:
            counts[line["Function"]] = counts.get(line["Function"], 0) + line["LineageFailures"]
    return counts


def warnings(pipeline: Pipeline, function: str) -> list[Any]:
    folder = pipeline.stack.logs / pipeline.stack.resources[function].physical_id
    lines = [line for log in sorted(folder.glob("*.log")) for line in log.read_bytes().splitlines()]
    parsed = [json.loads(line) for line in lines if line.startswith(b"{")]
    return [line for line in parsed if line.get("message") == "lineage not sent"]


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, Receiver]]:
    with Receiver("first-key") as receiver:
        parameters = {"LineageTo": receiver.url, "LineageApiKeySecret": KEY_SECRET}
        with deployed(tmp_path_factory.mktemp("stack"), parameters=parameters) as pipeline:
            secrets = pipeline.stack.client("secretsmanager")
            secrets.create_secret(Name="lineage-key", SecretString="first-key")
            yield pipeline, receiver


@pytest.mark.parametrize(("behaviour", "cause"), [
    ("fail", "the endpoint answers with status 500"),
    ("redirect", "the endpoint answers with status 307"),
    ("hang_up", "cannot reach the endpoint: "),
    ("stall", "no answer within 2 s"),
])
def test_an_endpoint_that_misbehaves_changes_nothing(
    misbehaving: tuple[Pipeline, Receiver], behaviour: str, cause: str
) -> None:
    pipeline, receiver = misbehaving
    receiver.behaviour, told, asked = "accept", len(receiver.events), receiver.asked
    flow(pipeline)
    sent, lost_before = len(receiver.events) - told, lost(pipeline)
    assert sent == receiver.asked - asked > 0 and sent % 2 == 0

    receiver.behaviour, told = behaviour, len(receiver.events)
    started = time.monotonic()
    flow(pipeline)
    assert len(receiver.events) == told
    failed = {name: count - lost_before.get(name, 0) for name, count in lost(pipeline).items()}
    assert failed["transform"] == 2 and failed["publish"] == 4 and failed["load"] >= 2
    for function in ("TransformFunction", "LoadFunction", "PublishFunction"):
        warning = warnings(pipeline, function)[-1]
        assert warning["to"] == receiver.url and warning["error"].startswith(cause), warning
        assert warning["level"] == "WARN" and "first-key" not in json.dumps(warning)
    if behaviour == "stall":
        assert time.monotonic() - started > 2
        slowest = max(report.duration_ms for report in pipeline.stack.reports)
        assert SEND_LIMIT_MS <= slowest < SEND_LIMIT_MS + 1_500


def test_a_connection_that_is_gone_loses_no_event(misbehaving: tuple[Pipeline, Receiver]) -> None:
    pipeline, receiver = misbehaving
    receiver.behaviour, told, lost_before = "hang_up_once", len(receiver.events), lost(pipeline)
    pipeline.publish("audit")
    states = [event["eventType"] for event in receiver.events[told:]]
    assert (states, lost(pipeline)) == (["START", "COMPLETE"], lost_before)


def test_a_key_that_was_replaced_is_read_anew(misbehaving: tuple[Pipeline, Receiver]) -> None:
    pipeline, receiver = misbehaving
    receiver.behaviour = "accept"
    pipeline.publish("audit")
    secret = pipeline.stack.client("secretsmanager")
    secret.put_secret_value(SecretId="lineage-key", SecretString="second-key")
    receiver.api_key, told, lost_before = "second-key", len(receiver.events), lost(pipeline)["publish"]
    pipeline.publish("audit")
    assert warnings(pipeline, "PublishFunction")[-1]["error"] == "the endpoint answers with status 401"
    assert (len(receiver.events), lost(pipeline)["publish"]) == (told, lost_before + 2)
    pipeline.publish("audit")
    assert (len(receiver.events), lost(pipeline)["publish"]) == (told + 2, lost_before + 2)


def test_a_key_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    with Receiver("first-key") as receiver:
        parameters = {"LineageTo": receiver.url, "LineageApiKeySecret": KEY_SECRET}
        with deployed(tmp_path, parameters=parameters) as pipeline:
            flow(pipeline)
            assert receiver.asked == 0 and lost(pipeline).keys() == {"transform", "load", "publish"}
            error = warnings(pipeline, "TransformFunction")[0]["error"]
            assert error.startswith(f"cannot read the API key: secret {KEY_SECRET}: ")


def test_an_endpoint_that_is_down_changes_nothing(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        with deployed(tmp_path, parameters={"LineageTo": url}) as pipeline:
            flow(pipeline)
            assert lost(pipeline) == {"transform": 2, "load": lost(pipeline)["load"], "publish": 4}
            assert warnings(pipeline, "TransformFunction")[0]["error"].startswith("cannot reach the endpoint: ")


@pytest.mark.parametrize("trusted", [False, True])
def test_events_travel_to_whom_the_certificate_proves(tmp_path: Path, trusted: bool) -> None:
    certificate = self_signed(tmp_path)
    with Receiver(certificate=certificate) as receiver:
        environment = {"SSL_CERT_FILE": str(certificate)} if trusted else {}
        stack = Stack(timing=TIMING, run_directory=tmp_path / "run", function_environment=environment)
        with deployed(tmp_path, parameters={"LineageTo": receiver.url}, stack=stack) as pipeline:
            flow(pipeline)
            if trusted:
                assert lost(pipeline) == {} and len(receiver.events) >= 8
            else:
                assert receiver.asked == 0 and lost(pipeline)["transform"] == 2
                error = warnings(pipeline, "TransformFunction")[0]["error"]
                assert error.startswith("cannot reach the endpoint: ") and "certificate" in error, error


def self_signed(folder: Path) -> Path:
    """A certificate and key for 127.0.0.1, in one file."""
    key, name = new_key(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lineage")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "endpoint.pem"
    kind, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    path.write_bytes(
        certificate.public_bytes(encoding) + key.private_bytes(encoding, kind, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize("to", [f"s3://{LAKE}/lineage/", "s3://lineage-events/"])
def test_events_are_objects_below_a_prefix(tmp_path: Path, to: str) -> None:
    bucket, _, prefix = to.removeprefix("s3://").partition("/")
    with deployed(tmp_path, parameters={"LineageTo": to}) as pipeline:
        if bucket != pipeline.bucket:
            pipeline.s3.create_bucket(Bucket=bucket)
        flow(pipeline)
        pipeline.publish("audit")
        before = objects(pipeline, bucket, prefix)
        if bucket == pipeline.bucket:
            assert before.keys() == {key for key in pipeline.etags() if key.startswith("lineage/")}
        for key, document in before.items():
            event = read_event(document)
            year, month, day = event.eventTime[:10].split("-")
            name = f"{event.job.name}_{event.run.runId}_{event.eventType.value}.json"
            assert key == f"{prefix}year={year}/month={month}/day={day}/{name}"
            head = pipeline.s3.head_object(Bucket=bucket, Key=key)
            assert (head["ContentType"], head["ServerSideEncryption"]) == ("application/json", "AES256")
        assert {name.rpartition("/")[2].partition("_")[0] for name in before if "load" not in name} == {
            "transform", "publish.audit", "publish.merge",
        }
        pipeline.stack.events.redeliver("landing/")
        pipeline.settle()
        assert objects(pipeline, bucket, prefix).keys() == before.keys(), "again is the same object"
        assert lost(pipeline) == {}
        for role in ("TransformRole", "LoadRole", "PublishRole"):
            assert statements(pipeline, role, "s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}*") == 1


def objects(pipeline: Pipeline, bucket: str, prefix: str) -> dict[str, Any]:
    listed = pipeline.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    read = {one["Key"]: pipeline.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}
    return {key: json.loads(body) for key, body in read.items()}


def statements(pipeline: Pipeline, role: str, action: str, resource: str) -> int:
    policies = pipeline.stack.resources[role].properties["Policies"]
    found = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    return sum(one.get("Action") == action and one.get("Resource") == resource for one in found)


def test_a_bucket_that_refuses_changes_nothing(tmp_path: Path) -> None:
    with deployed(tmp_path, parameters={"LineageTo": "s3://no-such-bucket/lineage/"}) as pipeline:
        flow(pipeline)
        assert lost(pipeline)["transform"] == 2 and lost(pipeline)["publish"] == 4
        error = warnings(pipeline, "TransformFunction")[0]["error"]
        assert error.startswith("cannot write the object lineage/year=") and "NoSuchBucket" in error, error


def test_without_a_target_nobody_is_told(tmp_path: Path) -> None:
    with deployed(tmp_path) as pipeline:
        flow(pipeline)
        zones = {key.partition("/")[0] for key in pipeline.etags()}
        assert zones == {"landing", "processing", "processed", "quarantine", "ledger"}
        assert lost(pipeline) == {}
        for role in ("TransformRole", "LoadRole", "PublishRole"):
            policies = pipeline.stack.resources[role].properties["Policies"]
            assert "lineage" not in json.dumps(policies)
