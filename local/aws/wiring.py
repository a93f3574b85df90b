"""Reads a deployed template into the configurations of our stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.aws.cloudformation import ACCOUNT, REGION, Deployment, Resource
from local.aws.events import Route
from local.aws.firehose import StreamConfig
from local.aws.instance import FunctionConfig
from local.aws.sqs_poller import MappingConfig
from local.aws.translation import DeploymentError

RELEASE = Path(__file__).resolve().parents[2] / "target" / "release"


def functions(deployment: Deployment, commands: dict[str, tuple[str, ...]]) -> dict[str, FunctionConfig]:
    """Every function by its logical id."""
    invoke_configs = {
        resource.properties["FunctionName"]: resource.properties
        for resource in deployment.of_type("AWS::Lambda::EventInvokeConfig")
    }
    return {
        resource.logical_id: _function(resource, invoke_configs.get(resource.physical_id, {}), commands)
        for resource in deployment.of_type("AWS::Lambda::Function")
    }


def _function(
    resource: Resource, invoke_config: dict[str, Any], commands: dict[str, tuple[str, ...]]
) -> FunctionConfig:
    properties = resource.properties
    destinations = invoke_config.get("DestinationConfig", {})
    if "OnSuccess" in destinations or "DeadLetterConfig" in properties:
        raise DeploymentError(f"{resource.logical_id}: only an on-failure destination has a stand-in")
    on_failure = destinations.get("OnFailure", {}).get("Destination")
    if on_failure is not None and ":sqs:" not in on_failure:
        raise DeploymentError(f"{resource.logical_id}: only a queue can be the on-failure destination here")
    return FunctionConfig(
        name=resource.physical_id,
        arn=resource.arn or "",
        command=_command(resource, commands),
        environment={
            name: _text(value) for name, value in properties.get("Environment", {}).get("Variables", {}).items()
        },
        memory_mb=int(properties.get("MemorySize", 128)),
        timeout_s=float(properties.get("Timeout", 3)),
        reserved_concurrency=_number(properties.get("ReservedConcurrentExecutions")),
        retry_attempts=int(invoke_config.get("MaximumRetryAttempts", 2)),
        max_event_age_s=float(invoke_config.get("MaximumEventAgeInSeconds", 21_600)),
        on_failure_arn=on_failure,
        tracing=properties.get("TracingConfig", {}).get("Mode") == "Active",
        role_arn=properties["Role"],
        log_group=properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{resource.physical_id}"),
        in_vpc=bool(properties.get("VpcConfig")),
    )


def _command(resource: Resource, commands: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    binary = resource.metadata.get("BuildProperties", {}).get("Binary")
    if binary is None:
        raise DeploymentError(f"{resource.logical_id}: Metadata.BuildProperties.Binary is missing")
    command = commands.get(binary, (str(RELEASE / binary),))
    if not Path(command[0]).exists():
        raise DeploymentError(f"{resource.logical_id}: {command[0]} does not exist; cargo build --release makes it")
    return command


def _number(value: Any) -> int | None:
    """What a parameter of type Number comes to, which moto leaves as text."""
    return None if value is None else int(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def streams(deployment: Deployment, interval_s: float | None) -> Iterator[StreamConfig]:
    """Every delivery stream; `interval_s` overrides IntervalInSeconds."""
    for resource in deployment.of_type("AWS::KinesisFirehose::DeliveryStream"):
        properties = resource.properties["ExtendedS3DestinationConfiguration"]
        for name in ("Processing", "DynamicPartitioning", "DataFormatConversion"):
            if properties.get(f"{name}Configuration", {}).get("Enabled"):
                raise DeploymentError(f"{resource.logical_id}: {name} has no stand-in")
        compression = properties.get("CompressionFormat", "UNCOMPRESSED")
        if compression not in ("GZIP", "UNCOMPRESSED"):
            raise DeploymentError(f"{resource.logical_id}: CompressionFormat {compression} has no stand-in")
        hints = properties.get("BufferingHints", {})
        yield StreamConfig(
            name=resource.physical_id,
            arn=resource.arn or "",
            bucket=properties["BucketARN"].rpartition(":")[2],
            prefix=properties.get("Prefix", ""),
            error_prefix=properties.get("ErrorOutputPrefix", ""),
            gzip=compression == "GZIP",
            buffer_bytes=int(hints.get("SizeInMBs", 5)) * 1024**2,
            buffer_seconds=float(hints.get("IntervalInSeconds", 300)) if interval_s is None else interval_s,
            role_arn=properties["RoleARN"],
            log_stream=_log_stream(properties.get("CloudWatchLoggingOptions", {})),
        )


def _log_stream(options: dict[str, Any]) -> str:
    """The ARN of the log stream for what cannot be delivered; empty if there is none."""
    if not options.get("Enabled"):
        return ""
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{options['LogGroupName']}:log-stream:{options['LogStreamName']}"


def mappings(deployment: Deployment, window_s: float | None) -> Iterator[MappingConfig]:
    """Every SQS event source mapping; `window_s` overrides MaximumBatchingWindowInSeconds."""
    urls = {queue.arn: queue.physical_id for queue in deployment.of_type("AWS::SQS::Queue")}
    for resource in deployment.of_type("AWS::Lambda::EventSourceMapping"):
        properties = resource.properties
        if properties["EventSourceArn"] not in urls:
            raise DeploymentError(f"{resource.logical_id}: only queues of the template are event sources here")
        if properties.get("FilterCriteria"):
            raise DeploymentError(f"{resource.logical_id}: FilterCriteria has no stand-in")
        batch_size = int(properties.get("BatchSize", 10))
        window = float(properties.get("MaximumBatchingWindowInSeconds", 0))
        if batch_size > 10 and window < 1:
            raise DeploymentError(f"{resource.logical_id}: a batch over 10 needs a window of at least 1 second")
        yield MappingConfig(
            function_name=properties["FunctionName"],
            queue_arn=properties["EventSourceArn"],
            queue_url=urls[properties["EventSourceArn"]],
            batch_size=batch_size,
            window_s=window if window_s is None else window_s,
            report_item_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
            max_concurrency=int(properties.get("ScalingConfig", {}).get("MaximumConcurrency", 2)),
        )


def routes(deployment: Deployment) -> Iterator[Route]:
    """Every bucket notification to a function or a queue."""
    kinds = {"LambdaConfigurations": "Function", "QueueConfigurations": "Queue"}
    for bucket in deployment.of_type("AWS::S3::Bucket"):
        configuration = bucket.properties.get("NotificationConfiguration", {})
        if unknown := configuration.keys() - kinds.keys():
            raise DeploymentError(f"{bucket.logical_id}: {', '.join(unknown)} has no stand-in")
        for kind, target in kinds.items():
            for entry in configuration.get(kind, []):
                rules = entry.get("Filter", {}).get("S3Key", {}).get("Rules", [])
                filters = {rule["Name"].lower(): rule["Value"] for rule in rules}
                yield Route(
                    bucket=bucket.physical_id,
                    event=entry["Event"],
                    prefix=filters.get("prefix", ""),
                    suffix=filters.get("suffix", ""),
                    target_arn=entry[target],
                )
