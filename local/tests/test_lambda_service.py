"""The Lambda stand-in against a real process, through its service and its HTTP interface."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws.function import InvalidConfiguration
from local.aws.gateway import Gateway
from local.aws.iam import Session
from local.aws.instance import FunctionConfig
from local.aws.lambda_service import PATH_PREFIX, LambdaError, LambdaService
from local.aws.runtime_api import RuntimeApi, Work
from local.tests.iam_role import ROLE, account_with_role

SCRIPT = Path(__file__).parent / "scripted_function.py"
EVENTS = Path(__file__).resolve().parents[2] / "events"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:probe"
FAILURES = "arn:aws:sqs:us-east-1:123456789012:failures"

Create = Callable[..., LambdaService]


@pytest.fixture
def sent() -> list[tuple[str, dict[str, Any]]]:
    """What went to failure destinations."""
    return []


@pytest.fixture
def create(tmp_path: Path, sent: list[tuple[str, dict[str, Any]]]) -> Iterator[Create]:
    """Makes a service with one function, `probe`."""
    services = []

    def build(retry_delays: tuple[float, ...] = (0.05, 0.1), **config: Any) -> LambdaService:
        def send(_session: Session, arn: str, body: str) -> None:
            sent.append((arn, json.loads(body)))

        service = LambdaService(account_with_role(), {}, tmp_path, send, retry_delays)
        services.append(service)
        defaults = {"memory_mb": 128, "timeout_s": 5, "environment": {}, "on_failure_arn": FAILURES, "role_arn": ROLE}
        service.create(
            FunctionConfig(name="probe", arn=ARN, command=(sys.executable, str(SCRIPT)), **(defaults | config))
        )
        return service

    yield build
    for service in services:
        service.stop()


def call(service: LambdaService, event: Any) -> Any:
    """Invokes `probe`; returns the parsed answer."""
    return json.loads(service.invoke("probe", json.dumps(event).encode()).payload)


def wait_until(condition: Callable[[], bool]) -> None:
    """Fails when the condition does not come true in time."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.01)


def test_an_instance_is_reused_and_only_its_first_invocation_is_cold(create: Create) -> None:
    service = create()
    first, second = call(service, {"do": "echo"}), call(service, {"do": "echo"})
    assert first["pid"] == second["pid"]
    cold, warm = service.reports
    assert cold.init_ms > 0 and warm.init_ms is None
    assert cold.billed_ms >= cold.init_ms and warm.billed_ms >= 1
    assert 1 < warm.max_memory_mb < 128 and warm.memory_mb == 128 and warm.error is None


def test_a_recycled_instance_is_not_reused(create: Create) -> None:
    service = create()
    first = call(service, {"do": "echo"})
    service.recycle("probe")
    assert call(service, {"do": "echo"})["pid"] != first["pid"]
    assert all(report.init_ms for report in service.reports)


def test_an_instance_that_has_not_answered_is_given_the_same_invocation_again() -> None:
    api = RuntimeApi()
    instance = http.client.HTTPConnection(api.address, timeout=5)

    def ask(method: str, path: str) -> tuple[int, str | None]:
        instance.request(method, f"/2018-06-01/runtime/invocation/{path}", b"{}" if method == "POST" else None)
        answer = instance.getresponse()
        answer.read()
        return answer.status, answer.headers["Lambda-Runtime-Aws-Request-Id"]

    for request_id in ("first", "second"):
        with api.changed:
            api.give(Work(request_id, b"{}", 0, ARN))
        assert [ask("GET", "next") for _ in range(2)] == [(200, request_id)] * 2
        assert [ask("POST", f"{request_id}/response")[0] for _ in range(2)] == [202, 400]
    instance.close()
    api.close()


def test_invocations_at_once_run_on_instances_of_their_own(create: Create) -> None:
    service = create()
    pids: set[int] = set()
    threads = [
        threading.Thread(target=lambda: pids.add(call(service, {"do": "sleep", "seconds": 0.5})["pid"]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 3


def test_a_synchronous_call_above_the_reserved_concurrency_is_throttled(create: Create) -> None:
    service = create(reserved_concurrency=1)
    thread = threading.Thread(target=lambda: call(service, {"do": "sleep", "seconds": 0.5}))
    thread.start()
    wait_until(lambda: service.pending > 0)
    with pytest.raises(LambdaError, match="TooManyRequestsException"):
        call(service, {"do": "echo"})
    thread.join()


def test_an_asynchronous_call_above_the_reserved_concurrency_waits(create: Create) -> None:
    service = create(reserved_concurrency=1)
    for _ in range(3):
        service.invoke_async("probe", b'{"do": "echo"}')
    wait_until(lambda: service.pending == 0)
    assert len(service.reports) == 3


def test_a_timed_out_instance_is_killed_and_replaced(create: Create) -> None:
    service = create(timeout_s=0.3)
    pid = call(service, {"do": "echo"})["pid"]
    result = service.invoke("probe", b'{"do": "sleep", "seconds": 60}')
    assert result.error
    answer = json.loads(result.payload)
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Error: Task timed out after 0.30 seconds")
    assert not Path(f"/proc/{pid}").exists()
    assert call(service, {"do": "echo"})["pid"] != pid


def test_a_process_that_dies_is_reported(create: Create) -> None:
    answer = call(create(), {"do": "exit", "code": 3})
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Runtime exited with error: exit status 3")


def test_an_instance_killed_at_work_fails_its_invocation_and_is_replaced(create: Create) -> None:
    service = create()
    request_id = service.invoke_async("probe", b'{"do": "sleep", "seconds": 1}')
    wait_until(lambda: any(instance.request_id == request_id for instance in service.instances("probe")))
    [instance] = service.instances("probe")
    assert instance.kill() and not instance.kill(), "only the first kill hits anything"
    wait_until(lambda: service.pending == 0)
    killed, repeated = service.reports
    assert "Runtime exited with error: signal: 9" in killed.error
    assert repeated.error is None and repeated.init_ms is not None


def test_an_instance_killed_while_idle_gets_no_invocation(create: Create) -> None:
    service = create()
    pid = call(service, {"do": "echo"})["pid"]
    [instance] = service.instances("probe")
    assert instance.request_id is None and instance.kill()
    assert service.instances("probe") == []
    assert call(service, {"do": "echo"})["pid"] != pid


def test_a_function_that_outgrows_its_memory_is_killed(create: Create) -> None:
    service = create(memory_mb=64)
    assert call(service, {"do": "allocate", "mb": 200})["errorType"] == "Runtime.OutOfMemory"
    assert service.reports[0].max_memory_mb > 64


def test_a_failed_initialisation_is_the_answer(create: Create) -> None:
    answer = call(create(environment={"SCRIPT_INIT": "error"}), {})
    assert answer == {"errorType": "ConfigError", "errorMessage": "LAKE_BUCKET is missing"}


def test_an_answer_over_6_mb_fails(create: Create) -> None:
    assert call(create(), {"do": "large", "bytes": 6 * 1024**2})["errorType"] == "Function.ResponseSizeTooLarge"


def test_payload_limits(create: Create) -> None:
    service = create()
    with pytest.raises(LambdaError, match="RequestTooLargeException"):
        service.invoke("probe", b'"' + b"x" * 6 * 1024**2 + b'"')
    with pytest.raises(LambdaError, match="RequestTooLargeException"):
        service.invoke_async("probe", b'"' + b"x" * 1024**2 + b'"')


@pytest.mark.parametrize(
    "environment", [{"BIG": "x" * 4096}, {"AWS_REGION": "us-east-1"}, {"AWS_LAMBDA_FUNCTION_NAME": "x"}]
)
def test_an_environment_that_lambda_refuses_is_refused(create: Create, environment: dict[str, str]) -> None:
    with pytest.raises(InvalidConfiguration):
        create(environment=environment)


def test_a_failing_event_is_retried_twice_and_then_sent_to_its_destination(
    create: Create, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    service = create(retry_delays=(0.2, 0.4))
    request_id = service.invoke_async("probe", b'{"do": "error", "message": "no such key"}')
    wait_until(lambda: service.pending == 0)
    assert [report.request_id for report in service.reports] == [request_id] * 3
    starts = [report.started_at for report in service.reports]
    assert starts[1] - starts[0] >= 0.2 and starts[2] - starts[1] >= 0.4
    [(arn, record)] = sent
    assert arn == FAILURES
    expected = json.loads((EVENTS / "transform-failure-record.json").read_text())
    assert shape(record | {"requestPayload": {}}) == shape(expected | {"requestPayload": {}})
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"do": "error", "message": "no such key"}
    assert record["responsePayload"]["errorMessage"] == "no such key"


def test_an_event_too_old_for_its_next_attempt_is_given_up(
    create: Create, sent: list[tuple[str, dict[str, Any]]]
) -> None:
    service = create(retry_delays=(60, 120), max_event_age_s=30)
    service.invoke_async("probe", b'{"do": "error"}')
    wait_until(lambda: service.pending == 0)
    assert sent[0][1]["requestContext"]["condition"] == "EventAgeExceeded"
    assert len(service.reports) == 1


def shape(value: Any) -> Any:
    """The keys and types of a JSON value."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return type(value).__name__


@pytest.fixture
def client(create: Create) -> Iterator[Any]:
    """A boto3 client of a service with one function."""
    gateway = Gateway()
    gateway.route_path(PATH_PREFIX, create().handle)
    yield boto3.client(
        "lambda",
        endpoint_url=gateway.url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    gateway.stop()


def test_a_handler_error_answers_200_with_a_function_error(client: Any) -> None:
    answer = client.invoke(FunctionName="probe", Payload=b'{"do": "error", "message": "bad"}', LogType="Tail")
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"]) == {"errorType": "ValueError", "errorMessage": "bad"}
    assert answer["LogResult"]


def test_invocation_types_and_names(client: Any) -> None:
    answer = client.invoke(FunctionName=f"{ARN}:$LATEST", Payload=b"{}")
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer
    assert client.invoke(FunctionName="probe", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    assert client.invoke(FunctionName="probe", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.invoke(FunctionName="other")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        client.invoke(FunctionName="probe", Payload=b"{")
