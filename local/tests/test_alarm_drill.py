"""Every alarm of the template is raised by its fault in the local run, and recovers; and what alarms
and dashboard look at is what is emitted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.aws.cloudformation import REGION
from local.aws.cloudwatch import Metric, alarms, dashboard, queries
from local.dashboard import render
from local.drill import airflow, monitor
from local.drill.faults import Limits
from local.drill.run import PLAN, Drill, parameters
from local.stack import ROOT
from local.tests.lineage_receiver import Receiver
from local.tests.pipeline import deployed

# As AWS documents them: unit and dimensions.
OF_SERVICES = {
    "AWS/Firehose": ({"DeliveryStreamName"}, {
        "IncomingRecords": "Count", "IncomingBytes": "Bytes", "DeliveryToS3.Records": "Count",
        "DeliveryToS3.Bytes": "Bytes", "DeliveryToS3.Success": "Count", "DeliveryToS3.DataFreshness": "Seconds",
    }),
    "AWS/Lambda": ({"FunctionName"}, {
        "Invocations": "Count", "Errors": "Count", "Throttles": "Count", "Duration": "Milliseconds",
        "ConcurrentExecutions": "Count",
    }),
    "AWS/SQS": ({"QueueName"}, {
        "ApproximateNumberOfMessagesVisible": "Count", "ApproximateAgeOfOldestMessage": "Seconds",
    }),
    "AWS/S3": ({"BucketName", "FilterId"}, {
        f"{kind}Requests": "Count" for kind in ("All", "Get", "Put", "Delete", "Head", "Post", "List")
    }),
    "AmazonMWAA": ({"Environment", "DAG"}, {
        "DAGDurationSuccess": "Milliseconds", "DAGDurationFailed": "Milliseconds",
    }),
}
METRICS_PAGE = ROOT / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A drill that has gone well; it raises for an alarm that should not be, or was not that should."""
    limits = Limits()
    folder = tmp_path_factory.mktemp("drill")
    with Receiver() as lineage, deployed(folder, "access-token", parameters(limits, lineage)) as pipeline:
        drill = Drill(pipeline, lineage, limits)
        drill.run()
        yield drill


def test_every_alarm_of_the_template_is_raised_and_recovers(drill: Drill) -> None:
    raised = {one.alarm for one in drill.alarmed}
    assert raised == drill.monitor.alarms.keys() == {alarm for fault, _ in PLAN for alarm in fault.alarms}
    assert all(one.recovered is not None and one.raised.at > one.struck for one in drill.alarmed)


def test_what_raises_an_alarm_lies_beyond_the_threshold_of_the_template(drill: Drill) -> None:
    for one in drill.alarmed:
        alarm = drill.monitor.alarms[one.alarm]
        if alarm.threshold is not None:
            assert one.raised.value is not None
            assert alarms.COMPARISONS[alarm.comparison](one.raised.value, alarm.threshold), one
    lowered = {"load-time", "transform-duration", "put-requests"}
    seeds = {
        "incoming-records": 1000, "dag-success-rate": 95, "freshness": 100, "reject-rate": 0.2, "publish-stalled": 1,
        "load-queue-age": 900,
    }
    for name, alarm in drill.monitor.alarms.items():
        if name not in lowered and alarm.threshold is not None:
            assert alarm.threshold == seeds.get(name, 0), name


def test_who_subscribes_hears_of_every_change(drill: Drill) -> None:
    heard = monitor.notifications(drill.pipeline.stack.outputs["AlarmTopicArn"])
    for name, alarm in drill.monitor.alarms.items():
        told = [message for message in heard if message["AlarmName"] == alarm.name]
        assert [message["NewStateValue"] for message in told] == [change.state for change in alarm.changes]
        assert all(f"docs/troubleshooting.md#{name}" in message["AlarmDescription"] for message in told)


def wanted(drill: Drill) -> dict[str, set[Metric]]:
    """The metrics that each alarm, and each widget of the dashboard, looks at."""
    looked_at = {alarm.name: set(alarm.metrics) for alarm in drill.monitor.alarms.values()}
    for widget in dashboard.read(drill.pipeline.stack.resources["Dashboard"], REGION):
        lines = widget.queries.all
        looked_at[widget.title] = {line.metric for line in lines if line.metric is not None}
        for line in lines:
            if line.expression.startswith("SEARCH("):
                pattern = line.expression.partition("'")[2].partition("', ")[0]
                namespace, names, name, _ = queries.parse_search(pattern)
                looked_at[widget.title] |= set(drill.monitor.data.find(namespace, name, names)) or {
                    Metric.of(namespace, name, [(one, "any") for one in names])
                }
    return looked_at


def not_emitted(looked_at: dict[str, set[Metric]], emitted: set[Metric]) -> dict[str, list[str]]:
    """What nobody emits, by who looks at it."""
    return {who: sorted(map(str, gone)) for who, metrics in looked_at.items() if (gone := metrics - emitted)}


def test_whatever_alarms_and_dashboard_look_at_is_emitted(drill: Drill) -> None:
    assert not_emitted(wanted(drill), set(drill.monitor.data.units)) == {}


@pytest.mark.parametrize(
    ("alarm", "change"),
    [
        ("LoadTimeAlarm", {"MetricName": "CopyTme"}),
        ("LoadTimeAlarm", {"Namespace": "snowline"}),
        ("LoadTimeAlarm", {"Dimensions": [{"Name": "Stack", "Value": "another"}]}),
        ("LoadTimeAlarm", {"Dimensions": []}),
    ],
)
def test_an_alarm_on_what_nobody_emits_is_found(drill: Drill, alarm: str, change: dict[str, object]) -> None:
    resource = drill.pipeline.stack.resources[alarm]
    broken = alarms.read(replace(resource, properties=resource.properties | change))
    found = not_emitted({broken.name: set(broken.metrics)}, set(drill.monitor.data.units))
    assert list(found) == ["snowline-load-time"]


def test_units_and_dimensions_are_the_documented_ones(drill: Drill) -> None:
    ours = documented()
    assert len(ours) >= 30
    for metric, units in drill.monitor.data.units.items():
        dimensions, metrics = (
            OF_SERVICES[metric.namespace] if metric.namespace != "Snowline" else ours.get(metric.name, (set(), {}))
        )
        assert units == {metrics.get(metric.name)}, metric
        assert {name for name, _ in metric.dimensions} == dimensions, metric


def documented() -> dict[str, tuple[set[str], dict[str, str]]]:
    """Dimensions and unit of each metric in the table of docs/metrics.md."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w*) ?\|", METRICS_PAGE.read_text(), re.MULTILINE)
    return {name: ({"Stack", further} - {""}, {name: unit}) for name, unit, further in rows}


def test_airflow_runs_the_tasks_of_the_dag_as_often_as_it_does() -> None:
    source = (ROOT / "mwaa" / "dags" / "orders.py").read_text()
    (retries,) = re.findall(r'"retries": (\d+),\n\s+"retry_delay"', source)
    order = ast.parse(source).body[-1].body[-1].value  # type: ignore[attr-defined]
    tasks = re.findall(r"publish\('(\w+)'\)", ast.unparse(order))
    assert (int(retries), tuple(tasks)) == (airflow.RETRIES, airflow.TASKS)


def test_every_chart_of_the_dashboard_has_something_to_show(drill: Drill) -> None:
    picture = render.picture(drill)
    assert "nan" not in re.findall(r'="([^"]*)"', picture)
    for widget in dashboard.read(drill.pipeline.stack.resources["Dashboard"], REGION):
        if widget.type == "metric":
            assert f">{widget.title}</text>" in picture
            chart = render.chart_of(widget, drill)
            assert any(value is not None for line in chart.lines for value in line.values), widget.title
