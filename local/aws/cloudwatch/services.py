"""The metrics that AWS services emit of themselves, from what our stand-ins have seen.

| namespace | metrics | when |
|---|---|---|
| AWS/Lambda | Invocations, Errors, Duration, ConcurrentExecutions | one data point an invocation, at its start |
| | Throttles | one data point a refusal |
| AWS/Firehose | IncomingRecords, IncomingBytes | one data point a call that put records |
| | DeliveryToS3.Records, .Bytes, .Success, .DataFreshness | one data point an object delivered |
| AWS/S3 | PutRequests and the like | one data point a request; only for buckets with a metrics configuration |
| AWS/SQS | ApproximateNumberOfMessagesVisible, ApproximateAgeOfOldestMessage | at each sampling |
"""

from __future__ import annotations

from collections.abc import Callable

from moto.sqs.models import sqs_backends

from local.aws.cloudformation import ACCOUNT, REGION
from local.aws.cloudwatch.metrics import Metric, MetricData
from local.aws.translation import DeploymentError
from local.stack import Stack

Time = Callable[[float], float]
S3_METRICS = {
    "PUT": "PutRequests", "GET": "GetRequests", "HEAD": "HeadRequests", "POST": "PostRequests",
    "DELETE": "DeleteRequests",
}


class ServiceMetrics:
    """Reads what came since the last time into metric data."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._seen: dict[str, int] = {}
        self._filters = _metrics_filters(stack)

    def collect(self, data: MetricData, to_metric_time: Time) -> None:
        """Adds what happened since the last call; `to_metric_time` maps the time of each event."""
        self._lambda(data, to_metric_time)
        for at, stream, name, value in self._new("firehose", self._stack.firehose.measurements):
            unit = "Bytes" if name.endswith("Bytes") else "Seconds" if name.endswith("DataFreshness") else "Count"
            metric = Metric.of("AWS/Firehose", name, [("DeliveryStreamName", stream)])
            data.put(metric, value, unit, to_metric_time(at))
        for at, method, path in self._new("requests", self._stack.requests):
            self._s3(data, to_metric_time(at), method, path)

    def sample_queues(self, data: MetricData, now: float, to_metric_time: Time) -> None:
        """Adds the depth of every queue, and the age of its oldest message at `now`.

        An age is a difference of two times, so it is one of the clock that metrics have.
        """
        for queue in sqs_backends[ACCOUNT][REGION].queues.values():
            dimensions = [("QueueName", queue.name)]
            visible = float(queue.approximate_number_of_messages)
            data.put(Metric.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions), visible, "Count", now)
            sent = [to_metric_time(message.sent_timestamp / 1000) for message in list(queue._messages)
                   ]
            age = max(0.0, now - min(sent)) if sent else 0.0
            data.put(Metric.of("AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions), age, "Seconds", now)

    def _lambda(self, data: MetricData, to_metric_time: Time) -> None:
        reports = self._stack.reports
        for report in self._new("reports", reports):
            at, dimensions = to_metric_time(report.started_at), [("FunctionName", report.function)]
            running = sum(
                other.function == report.function
                and other.started_at <= report.started_at <= other.started_at + other.duration_ms / 1000
                for other in reports
            )
            for name, value, unit in (
                ("Invocations", 1, "Count"),
                ("Errors", int(report.error is not None), "Count"),
                ("Duration", report.duration_ms, "Milliseconds"),
                ("ConcurrentExecutions", running, "Count"),
                # The service reports none as zero, with each invocation.
                ("Throttles", 0, "Count"),
            ):
                data.put(Metric.of("AWS/Lambda", name, dimensions), value, unit, at)
        for at, function in self._new("throttles", self._stack.lambdas.throttles):
            data.put(Metric.of("AWS/Lambda", "Throttles", [("FunctionName", function)]), 1, "Count", to_metric_time(at))

    def _s3(self, data: MetricData, at: float, method: str, path: str) -> None:
        bucket, _, key = path.lstrip("/").partition("/")
        for filter_id in self._filters.get(bucket, []):
            name = S3_METRICS.get(method, "AllRequests") if key else "ListRequests"
            for metric in {name, "AllRequests"}:
                dimensions = [("BucketName", bucket), ("FilterId", filter_id)]
                data.put(Metric.of("AWS/S3", metric, dimensions), 1, "Count", at)

    def _new(self, kind: str, everything: list) -> list:
        start, self._seen[kind] = self._seen.get(kind, 0), len(everything)
        return everything[start:self._seen[kind]]


def _metrics_filters(stack: Stack) -> dict[str, list[str]]:
    """The ids of the metrics configurations of each bucket."""
    found: dict[str, list[str]] = {}
    for bucket in stack.resources.values():
        if bucket.type != "AWS::S3::Bucket":
            continue
        for configuration in bucket.properties.get("MetricsConfigurations", []):
            if unknown := configuration.keys() - {"Id"}:
                raise DeploymentError(f"{bucket.logical_id}: a metrics configuration with {', '.join(unknown)}"
                                      " has no stand-in")
            found.setdefault(bucket.physical_id, []).append(configuration["Id"])
    return found
