"""A function: its instances, started as needed up to its concurrency and reused when idle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from local.aws.iam import LAMBDA, AccessDenied, Iam
from local.aws.instance import FunctionConfig, Instance, Report, Result
from local.aws.policy import Call, Principal
from local.aws.runtime_api import RuntimeApi

MAX_ENVIRONMENT_BYTES = 4096
LOG_STREAM = "local"
TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
# All that Lambda's guide demands of the role of a function in a VPC.
NETWORKING = (
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
)
RESERVED_VARIABLES = ("_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "TZ")
RESERVED_PREFIXES = ("AWS_LAMBDA_", "AWS_ACCESS_KEY", "AWS_SECRET_", "AWS_SESSION_", "AWS_REGION", "AWS_DEFAULT_REGION")


class InvalidConfiguration(ValueError):
    """The service would refuse to create the function."""


class Throttled(Exception):
    """Every instance that the reserved concurrency allows is busy."""


class Stopped(Exception):
    """The stand-in is shutting down."""


class Function:
    """Runs invocations on a pool of instances.

    `max_instances` is this machine's limit: an invocation above it waits. One above the
    reserved concurrency is throttled, as by the service.

    Its processes run with credentials of the function's role, and what Lambda does for it needs the
    role's permission too: networking when it is created, log lines and traces as it runs. A log line
    or a trace that the role may not write is left out by the service; here it shows in `Iam.refused`
    alone.
    """

    def __init__(
        self,
        config: FunctionConfig,
        iam: Iam,
        platform: dict[str, str],
        logs: Path,
        max_instances: int,
        on_report: Callable[[Report], None],
        runtime_api: Callable[[], RuntimeApi] = RuntimeApi,
    ) -> None:
        check_environment(config)
        self.config = config
        caller = Principal(service=LAMBDA)
        source = {"lambda:SourceFunctionArn": config.arn}
        try:
            credentials = iam.assume(config.role_arn, caller, config.name, context=source)
            self.session = iam.assume(config.role_arn, caller, config.name)
            for action in NETWORKING if config.in_vpc else ():
                self.session.require(Call(action, "*"))
        except AccessDenied as error:
            raise InvalidConfiguration(f"{config.name}: {error}") from error
        self._environment = config.environment | platform | self_description(config) | credentials.environment
        self._logs = logs / config.name
        reserved = config.reserved_concurrency
        self._max_instances = max_instances if reserved is None else min(max_instances, reserved)
        self._on_report = on_report
        self._runtime_api = runtime_api
        self._changed = threading.Condition()
        self._idle: list[Instance] = []
        self._all: set[Instance] = set()
        self._started = 0
        self._admitted = 0
        self._closed = False

    @property
    def running(self) -> int:
        """How many invocations are under way or wait for an instance."""
        return self._admitted

    @property
    def instances(self) -> list[Instance]:
        """Its processes, at work and idle."""
        with self._changed:
            return [instance for instance in self._all if instance.alive]

    def invoke(self, request_id: str, payload: bytes) -> Result:
        """Runs one invocation to its end.

        Raises `Throttled` when the reserved concurrency is used up, `Stopped` after `stop`.
        """
        instance = self._acquire()
        try:
            result = instance.invoke(request_id, payload)
            self._on_report(result.report)
            self._write_log("PutLogEvents")
            for action in TRACING if self.config.tracing else ():
                self.session.allows(Call(action, "*"))
            return result
        finally:
            self._release(instance)

    def recycle(self) -> None:
        """Kills every idle instance."""
        with self._changed:
            idle, self._idle = self._idle, []
            self._all.difference_update(idle)
        for instance in idle:
            instance.stop()

    def stop(self) -> None:
        """Kills every instance."""
        with self._changed:
            self._closed = True
            instances, self._all, self._idle = self._all, set(), []
            self._changed.notify_all()
        for instance in instances:
            instance.stop()

    def _acquire(self) -> Instance:
        with self._changed:
            reserved = self.config.reserved_concurrency
            if reserved is not None and self._admitted >= reserved:
                raise Throttled(self.config.name)
            self._admitted += 1
            try:
                self._changed.wait_for(lambda: self._closed or self._idle or len(self._all) < self._max_instances)
                if self._closed:
                    raise Stopped(self.config.name)
                return self._warm() or self._start()
            except BaseException:
                self._admitted -= 1
                raise

    def _warm(self) -> Instance | None:
        """An idle instance, if there is one; one that died meanwhile gets no invocation."""
        while self._idle:
            instance = self._idle.pop()
            if instance.alive:
                return instance
            self._all.discard(instance)
            instance.stop()
        return None

    def _start(self) -> Instance:
        self._started += 1
        log = self._logs / f"{self._started:04}.log"
        instance = Instance(self.config, self._environment, log, self._runtime_api())
        self._all.add(instance)
        self._write_log("CreateLogStream")
        return instance

    def _write_log(self, action: str) -> None:
        region, account = self.config.arn.split(":")[3:5]
        stream = f"arn:aws:logs:{region}:{account}:log-group:{self.config.log_group}:log-stream:{LOG_STREAM}"
        self.session.allows(Call(f"logs:{action}", stream))

    def _release(self, instance: Instance) -> None:
        reusable = instance.alive
        with self._changed:
            self._admitted -= 1
            if not reusable:
                self._all.discard(instance)
            elif instance in self._all:
                self._idle.append(instance)
            self._changed.notify()
        if not reusable:
            instance.stop()


def check_environment(config: FunctionConfig) -> None:
    """Raises `InvalidConfiguration` for an environment that Lambda refuses."""
    reserved = [
        name for name in config.environment if name in RESERVED_VARIABLES or name.startswith(RESERVED_PREFIXES)
    ]
    if reserved:
        raise InvalidConfiguration(f"{config.name}: reserved keys used in the environment: {', '.join(reserved)}")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in config.environment.items())
    if size > MAX_ENVIRONMENT_BYTES:
        raise InvalidConfiguration(f"{config.name}: the environment exceeds the 4 KB limit ({size} bytes)")


def self_description(config: FunctionConfig) -> dict[str, str]:
    """The variables with which Lambda tells a function about itself."""
    return {
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": config.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": LOG_STREAM,
        "_HANDLER": "bootstrap",
        "TZ": ":UTC",
    }
