"""The whole AWS side of template.yaml, running on this machine.

    with Stack() as stack:
        snowflake = ...                      # needs stack.endpoint_url to read the lake
        stack.deploy({"SnowflakeAccount": "LOCAL", "SnowflakeUrl": snowflake.url})
        stack.put_secret("SnowflakeKeySecret", private_key_pem)
        subprocess.run([...], env=os.environ | stack.environment)    # a producer
        stack.wait_until_idle(flush=True)
        stack.invoke("PublishFunction", {"task": "merge"})

Entering starts one gateway on a free loopback port (`endpoint_url`): our Lambda and
Firehose, some of STS, moto for S3, SQS, Secrets Manager, CloudFormation and the rest. `deploy`
translates the template, resolves it in moto's CloudFormation and starts what it declares:
functions as processes of the release binaries, their environment, event source mappings,
asynchronous retries and failure destinations, delivery streams, bucket notifications,
secrets. Nothing of that is wired anywhere else. Functions, and services that act for them, may do
what their roles in the template allow, and nothing else. Leaving stops everything.

| | |
|---|---|
| `outputs["LakeBucketName"]` | the outputs of the template |
| `functions["LoadFunction"]` | a function's configuration, by its logical id |
| `resources["LoadQueue"]` | any resource: physical_id, arn, resolved properties |
| `client("s3")` | a boto3 client of the stack, an administrator's unless a role's session is given |
| `add_user(access_key_id, arn)` | a user of another account, who may assume roles that trust them |
| `environment` | what a child process needs to reach the stack with any AWS SDK |
| `invoke(id, event)` / `invoke_async(id, event)` | calls a function; an error raises `FunctionFailed` |
| `wait_until_idle()` | until no buffer, notification, event, invocation or queue message is left |
| `reports` | the REPORT of every invocation so far |
| `instances(id)` | the processes of a function; `kill()` ends one at any moment |
| `metrics()` | the embedded-metric-format lines that functions logged |
| `xray.documents`, `xray.refused` | the subsegments that functions sent |
| `events.redeliver(prefix, times, shuffle)` | S3 notifications again |
| `iam.made`, `iam.used`, `iam.refused` | what roles did, what of their policies allowed it, and refusals |
| `sts.issuer`, `sts.published_keys`, `sts.enabled` | web identity tokens of the functions' roles |
| `firehose.delivered` | what Firehose delivered, and when |
| `meter.seconds` | processor time of the stand-ins by service |
| `firehose.fault_rate`, `firehose.refuse_next(n)` | faults on demand |

moto keeps its state in the process: one stack at a time.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from local.aws import buckets, cloudformation, moto_fixes, roles, translation, wiring
from local.aws.authorisation import Authoriser
from local.aws.cloudformation import ACCOUNT, REGION, Deployment, Resource
from local.aws.encryption import Encryption
from local.aws.events import S3Events
from local.aws.firehose import TARGET as FIREHOSE_TARGET
from local.aws.firehose import Firehose, StreamConfig
from local.aws.gateway import Gateway
from local.aws.iam import FIREHOSE, Iam, Session
from local.aws.instance import FunctionConfig, Instance, Report
from local.aws.lambda_service import PATH_PREFIX, RETRY_DELAYS_S, LambdaService
from local.aws.meter import Meter
from local.aws.policy import Call, Principal
from local.aws.runtime_api import RuntimeApi
from local.aws.sqs_poller import MappingConfig, SqsPoller, check_visibility
from local.aws.sts import ASSUME, SERVICE, TOKEN, Sts
from local.aws.xray import Daemon

ROOT = Path(__file__).resolve().parent.parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
IDLE_POLL_S = 0.02


class FunctionFailed(Exception):
    """A function answered with an error; `payload` is its errorType and errorMessage."""

    def __init__(self, name: str, payload: dict[str, Any]) -> None:
        super().__init__(f"{name}: {payload.get('errorType')}: {payload.get('errorMessage')}")
        self.payload = payload


@dataclass(frozen=True)
class Timing:
    """Where a run may be faster than the service; None keeps what the template says."""

    retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
    firehose_interval_s: float | None = None
    batch_window_s: float | None = None
    redelivery_s: int | None = None


class Stack:
    """A deployment of a SAM template; see the module's description.

    `commands` maps a binary's name (BuildProperties.Binary of the template) to what runs
    it; by default target/release/<name>. Logs go to `run_directory`/logs.

    `function_environment` is put into every function's environment, above all else there. An
    AWS_ENDPOINT_URL in it is also where Lambda polls queues, which it does on a function's behalf.
    `runtime_api` makes what a function instance speaks to.
    """

    def __init__(
        self,
        template: Path = ROOT / "template.yaml",
        name: str = "snowline",
        timing: Timing = Timing(),
        max_instances: int = 4,
        commands: dict[str, tuple[str, ...]] | None = None,
        run_directory: Path = ROOT / "target" / "local-run",
        function_environment: dict[str, str] | None = None,
        runtime_api: Callable[[], RuntimeApi] = RuntimeApi,
    ) -> None:
        self._template = template
        self._name = name
        self._timing = timing
        self._max_instances = max_instances
        self._commands = commands or {}
        self._function_environment = function_environment or {}
        self._runtime_api = runtime_api
        self.logs = run_directory / "logs"
        self._pollers: list[SqsPoller] = []
        self._deployment = Deployment({}, {})
        self._deliverers: dict[str, Session] = {}
        self._lake_clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        shutil.rmtree(self.logs, ignore_errors=True)
        cloudformation.reset()
        moto_fixes.attach()
        self.iam = Iam(ACCOUNT)
        administrators = frozenset({CREDENTIALS["AWS_ACCESS_KEY_ID"]})
        self._authoriser = Authoriser(self.iam, Encryption(ACCOUNT, REGION), REGION, administrators)
        self.meter = Meter()
        self._gateway = Gateway(self._authoriser.refusal, self.meter)
        self._s3, self._sqs = self.client("s3"), self.client("sqs")
        self.xray = Daemon()
        self.lambdas = LambdaService(
            iam=self.iam,
            platform=self.environment | self._platform() | self._function_environment,
            logs=self.logs,
            send=self._send_as,
            retry_delays=self._timing.retry_delays_s,
            max_instances=self._max_instances,
            runtime_api=self._runtime_api,
        )
        self.firehose = Firehose(self._put_object, meter=self.meter)
        self.sts = Sts(self.iam)
        self.events = S3Events(REGION, self._invoke_by_arn, self._send)
        self.events.attach()
        self._gateway.route_path(PATH_PREFIX, self.lambdas.handle)
        self._gateway.route_target(FIREHOSE_TARGET, self.firehose.handle)
        for action in (TOKEN, ASSUME):
            self._gateway.route_action(SERVICE, action, self.sts.handle)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops from the source downwards, so that nothing is delivered into the void."""
        self.firehose.stop()
        self.events.stop()
        for poller in self._pollers:
            poller.stop()
        self.lambdas.stop()
        self.xray.stop()
        self._gateway.stop()

    def _platform(self) -> dict[str, str]:
        """What Lambda puts into every function's environment."""
        return {"PATH": os.defpath, "LANG": "en_US.UTF-8", "AWS_XRAY_DAEMON_ADDRESS": self.xray.address}

    def deploy(self, parameters: dict[str, str]) -> None:
        """Deploys the template with these parameters; raises `DeploymentError` for what has no stand-in."""
        template = translation.translate(self._template, parameters)
        deployment = cloudformation.deploy(self.client("cloudformation"), self._name, template, parameters)
        self._deployment = deployment
        roles.declare(deployment, self.iam)
        self._authoriser.encryption = roles.encryption(deployment)
        for config in wiring.functions(deployment, self._commands).values():
            self.lambdas.create(config)
        for stream in wiring.streams(deployment, self._timing.firehose_interval_s):
            external_id = {"sts:ExternalId": ACCOUNT}
            session = self.iam.assume(stream.role_arn, Principal(service=FIREHOSE), stream.name, external_id)
            self._deliverers[stream.name] = session
            self._lake_clients[stream.name] = self.client("s3", session=session)
            self.firehose.create(stream)
        for bucket in deployment.of_type("AWS::S3::Bucket"):
            buckets.configure(self._s3, bucket)
        for mapping in wiring.mappings(deployment, self._timing.batch_window_s):
            self._poll(mapping)
        for route in wiring.routes(deployment):
            roles.check_route(self.iam, route, self._authoriser.encryption.keys.get(route.target_arn))
            self.events.add(route)

    def _poll(self, mapping: MappingConfig) -> None:
        session = self.lambdas.session(mapping.function_name)
        sqs = self.client("sqs", self._function_environment.get("AWS_ENDPOINT_URL"), session)
        timeouts = {config.name: config.timeout_s for config in self.functions.values()}
        check_visibility(mapping, sqs, timeouts[mapping.function_name])
        self._pollers.append(SqsPoller(mapping, sqs, self.lambdas.invoke, self._timing.redelivery_s))

    def add_user(self, access_key_id: str, arn: str) -> None:
        """Makes a user of another account known, who may assume the roles that trust them."""
        self.iam.users[access_key_id] = Principal(account=arn.split(":")[4], arn=arn)

    # What a run asks of the stack.

    @property
    def endpoint_url(self) -> str:
        """The one address of all AWS services."""
        return self._gateway.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which any AWS SDK reaches this stack."""
        region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        return CREDENTIALS | region | {"AWS_ENDPOINT_URL": self.endpoint_url}

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the template."""
        return self._deployment.outputs

    @property
    def resources(self) -> dict[str, Resource]:
        """Every resource by its logical id."""
        return self._deployment.resources

    @property
    def functions(self) -> dict[str, FunctionConfig]:
        """Every function by its logical id."""
        return wiring.functions(self._deployment, self._commands)

    @property
    def reports(self) -> list[Report]:
        """The REPORT of every invocation, in the order in which they ended."""
        return self.lambdas.reports

    @property
    def deployment(self) -> Deployment:
        """What the template came to."""
        return self._deployment

    @property
    def requests(self) -> list[tuple[float, str, str]]:
        """Time, method and path of every request to S3, SQS and the other services that moto serves."""
        return self._gateway.requests

    def instances(self, logical_id: str) -> list[Instance]:
        """The processes of a function, at work and idle."""
        return self.lambdas.instances(self.resources[logical_id].physical_id)

    @property
    def messages_returned(self) -> int:
        """How often a message failed and went back to its queue, or on to the dead letter queue."""
        return sum(poller.returned for poller in self._pollers)

    def client(self, service: str, endpoint_url: str | None = None, session: Session | None = None) -> Any:
        """A boto3 client of the stack, an administrator's or that of a role's session.

        It does not retry, as no call here should need it.
        """
        credentials = CREDENTIALS if session is None else session.environment
        return boto3.client(
            service,
            endpoint_url=endpoint_url or self.endpoint_url,
            region_name=REGION,
            **{name.lower(): value for name, value in credentials.items()},
            config=Config(retries={"total_max_attempts": 1}, read_timeout=900, max_pool_connections=50),
        )

    def put_secret(self, logical_id: str, value: str) -> None:
        """Sets the value of a secret of the template."""
        secret_id = self.resources[logical_id].physical_id
        self.client("secretsmanager").put_secret_value(SecretId=secret_id, SecretString=value)

    def invoke(self, logical_id: str, event: Any) -> Any:
        """Invokes a function and returns its answer; raises `FunctionFailed` on its error."""
        name = self.resources[logical_id].physical_id
        result = self.lambdas.invoke(name, json.dumps(event).encode())
        answer = json.loads(result.payload or b"null")
        if result.error:
            raise FunctionFailed(name, answer)
        return answer

    def invoke_async(self, logical_id: str, event: Any) -> str:
        """Queues an event for a function; returns its request id."""
        return self.lambdas.invoke_async(self.resources[logical_id].physical_id, json.dumps(event).encode())

    def messages(self, url: str) -> list[Any]:
        """Takes and deletes every message of a queue (a DLQ, a destination), parsed."""
        taken = []
        while batch := self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(json.loads(message["Body"]))
        return taken

    def metrics(self) -> Iterator[dict[str, Any]]:
        """Every embedded-metric-format line that the functions have logged so far."""
        for log in sorted(self.logs.rglob("*.log")):
            for line in log.read_bytes().splitlines():
                if line.startswith(b"{") and b'"_aws"' in line:
                    yield json.loads(line)

    def wait_until_idle(self, timeout_s: float = 120, flush: bool = False) -> None:
        """Waits until nothing is under way any more; `flush` delivers Firehose's buffers now.

        Raises `TimeoutError` naming what is still busy, such as a message that waits for
        its visibility timeout.
        """
        if flush:
            self.firehose.flush()
        end = time.monotonic() + timeout_s
        while (busy := self.busy()) is not None:
            if time.monotonic() > end:
                raise TimeoutError(f"still busy after {timeout_s} s: {busy}")
            time.sleep(IDLE_POLL_S)

    @property
    def backlog(self) -> int:
        """Everything that is under way: notifications, invocations, messages in queues."""
        queued = sum(self._depth(poller.queue_url) for poller in self._pollers)
        return self.events.pending + self.lambdas.pending + queued

    def busy(self) -> str | None:
        """What is still under way, or None if nothing is."""
        # In the order in which work flows, so that none slips past between two questions.
        queues = [poller.queue_url for poller in self._pollers]
        stages = [
            ("firehose buffers", lambda: self.firehose.pending),
            ("notifications", lambda: self.events.pending),
            ("invocations", lambda: self.lambdas.pending),
            ("notifications", lambda: self.events.pending),
            *((f"messages in {url}", lambda url=url: self._depth(url)) for url in queues),
            ("invocations", lambda: self.lambdas.pending),
        ]
        for name, pending in stages:
            if count := pending():
                return f"{count} {name}"
        return None

    def visible(self, url: str) -> int:
        """Messages of a queue that wait to be received."""
        return self._count(url, lambda queue: queue.approximate_number_of_messages)

    def _depth(self, url: str) -> int:
        return self._count(url, lambda queue: (
            queue.approximate_number_of_messages
            + queue.approximate_number_of_messages_not_visible
            + queue.approximate_number_of_messages_delayed
        ))

    @staticmethod
    def _count(url: str, count: Callable[[Any], int]) -> int:
        # Past the API: a run that looks all the time must not be what keeps it busy.
        queue = sqs_backends[ACCOUNT][REGION].get_queue(url.rpartition("/")[2])
        with queue._messages_lock:
            return count(queue)

    # How the services reach one another.

    def _put_object(self, stream: StreamConfig, key: str, body: bytes) -> None:
        session = self._deliverers[stream.name]
        try:
            self._lake_clients[stream.name].put_object(Bucket=stream.bucket, Key=key, Body=body)
        except ClientError:
            if stream.log_stream:
                session.allows(Call("logs:PutLogEvents", stream.log_stream))
            raise

    def _invoke_by_arn(self, arn: str, body: str) -> None:
        self.lambdas.invoke_async(arn, body.encode())

    def _send_as(self, session: Session, queue_arn: str, body: str) -> None:
        urls = {queue.arn: queue.physical_id for queue in self._deployment.of_type("AWS::SQS::Queue")}
        try:
            self.client("sqs", session=session).send_message(QueueUrl=urls[queue_arn], MessageBody=body)
        except ClientError:
            # The event is lost, as with the service, which counts it (DestinationDeliveryFailures).
            return

    def _send(self, queue_arn: str, body: str) -> None:
        # Straight into moto, as its own notifications go: over HTTP each would cost 10 ms.
        sqs_backends[ACCOUNT][REGION].send_message(queue_arn.rpartition(":")[2], body)
