"""The alarms and the dashboard of the template, and how the stand-in of CloudWatch judges."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.aws.cloudformation import REGION, Resource
from local.aws.cloudwatch import Metric, MetricData, alarms, anomaly, dashboard, emf, expressions
from local.aws.cloudwatch.alarms import Alarm, InvalidAlarm
from local.aws.cloudwatch.dashboard import InvalidDashboard
from local.aws.cloudwatch.expressions import Band, InvalidExpression
from local.aws.cloudwatch.metrics import InvalidMetric, statistic_of
from local.drill.clock import Clock
from local.stack import ROOT, Stack

RUNBOOK = ROOT / "docs" / "troubleshooting.md"
WATCHED = Metric.of("Snowline", "X", [("Stack", "snowline")])


@pytest.fixture(scope="module")
def watched() -> Iterator[Stack]:
    """The template, deployed with all that its conditions can add to the alarms."""
    parameters = {"SnowflakeAccount": "LOCAL", "AirflowEnvironmentName": "airflow", "AlarmEmail": "x@example.com",
                  "SlackWorkspaceId": "T0123456", "SlackChannelId": "C0123456"}
    with Stack(commands={binary: ("/bin/true",) for binary in ("transform", "load", "publish")}) as stack:
        stack.deploy(parameters)
        yield stack


def test_every_alarm_says_what_happened_and_where_the_cure_stands(watched: Stack) -> None:
    topic = watched.outputs["AlarmTopicArn"]
    found = alarms.read_all(watched.deployment)
    assert len({alarm.name for alarm in found}) == len(found) >= 19
    for alarm in found:
        anchor = alarm.name.removeprefix("snowline-")
        assert alarm.description.endswith(f" docs/troubleshooting.md#{anchor}"), alarm.name
        assert alarm.actions == {"ALARM": [topic], "OK": [topic]}, alarm.name
    for resource in watched.deployment.of_type("AWS::CloudWatch::Alarm"):
        assert "TreatMissingData" in resource.properties, "chosen, not left to the default"


def test_the_runbook_has_a_heading_for_each_alarm_and_no_other(watched: Stack) -> None:
    section = RUNBOOK.read_text().partition("## Alarms\n")[2].partition("\n## ")[0]
    headings = re.findall(r"^### (.+)$", section, re.MULTILINE)
    names = {alarm.name.removeprefix("snowline-") for alarm in alarms.read_all(watched.deployment)}
    assert sorted(headings) == sorted(names)
    for text in re.split(r"^### .+$", section, flags=re.MULTILINE)[1:]:
        assert all(f"**{part}.**" in text for part in ("Means", "Cause", "Cure")), text


def test_only_cloudwatch_may_publish_alarms_and_only_over_tls(watched: Stack) -> None:
    allow, deny = watched.resources["AlarmTopicPolicy"].properties["PolicyDocument"]["Statement"]
    assert (allow["Effect"], allow["Principal"]) == ("Allow", {"Service": "cloudwatch.amazonaws.com"})
    source = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:snowline-*"
    assert allow["Condition"]["ArnLike"] == {"aws:SourceArn": source}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_an_anomaly_alarm_and_its_detector_are_of_the_same_metrics(watched: Stack) -> None:
    rows, value = watched.deployment.of_type("AWS::CloudWatch::AnomalyDetector")
    band = {alarm.name: alarm for alarm in alarms.read_all(watched.deployment) if alarm.band}
    assert rows.properties["MetricName"] == band["snowline-rows-anomaly"].metrics[0].name
    learnt = value.properties["MetricMathAnomalyDetector"]["MetricDataQueries"]
    assert learnt == watched.resources["ValueAnomalyAlarm"].properties["Metrics"][:-1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "EvaluateLowSampleCountPercentile has no stand-in"),
        ({"Statistic": "Median"}, "Median"),
        ({"Period": 90}, "period of 90 s"),
        ({"EvaluationPeriods": 300}, "too long"),
        ({"DatapointsToAlarm": 2}, "2 data points of 1 periods"),
        ({"TreatMissingData": "maybe"}, "maybe"),
        ({"ComparisonOperator": "LessThanLowerThreshold"}, "does not fit"),
        ({"Threshold": None}, "Threshold"),
        ({"AlarmDescription": "x" * 1025}, "1024"),
        ({"Dimensions": [{"Name": "Stack", "Value": ""}]}, "no value of the dimension"),
    ],
)
def test_an_alarm_that_cloudwatch_refuses_is_refused_by_name(
    watched: Stack, changes: dict[str, Any], error: str
) -> None:
    resource = watched.resources["LoadTimeAlarm"]
    with pytest.raises(InvalidAlarm, match=f"LoadTimeAlarm: .*{error}"):
        alarms.read(replace(resource, properties=resource.properties | changes))


def alarm(**changes: Any) -> Alarm:
    """An alarm on the maximum of one metric over a minute."""
    properties = {
        "AlarmName": "x", "AlarmDescription": "x", "Namespace": "Snowline", "MetricName": "X",
        "Dimensions": [{"Name": "Stack", "Value": "snowline"}], "Statistic": "Maximum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold",
    } | changes
    kept = {name: value for name, value in properties.items() if value is not None}
    return alarms.read(Resource("X", "AWS::CloudWatch::Alarm", "x", None, kept, {}))


def data_of(values: list[float | None], period_s: int = 60) -> MetricData:
    """One data point in the middle of each period that has a value."""
    data = MetricData()
    for index, value in enumerate(values):
        if value is not None:
            data.put(WATCHED, value, "Count", (index + 0.5) * period_s)
    return data


@pytest.mark.parametrize(
    ("missing", "values", "state"),
    [
        ("breaching", [None], "ALARM"), ("notBreaching", [None], "OK"),
        ("missing", [None], "INSUFFICIENT_DATA"), ("ignore", [None], "INSUFFICIENT_DATA"),
        ("ignore", [11, None], "ALARM"), ("missing", [11, None], "INSUFFICIENT_DATA"),
        ("breaching", [9], "OK"), ("breaching", [10], "OK"), ("breaching", [10.1], "ALARM"),
        ("notBreaching", [11, 9], "OK"),
    ],
)
def test_missing_data_is_judged_as_the_alarm_says(missing: str, values: list[float | None], state: str) -> None:
    one, data = alarm(TreatMissingData=missing), data_of(values)
    for end in range(len(values)):
        one.evaluate(data, (end + 1) * 60)
    assert one.state == state


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([11, 11, 9], "ALARM"), ([11, 9, 9], "OK"), ([9, 11, 11], "ALARM"), ([11, None, 11], "ALARM"),
        ([None, 9, 11], "OK"),
    ],
)
def test_so_many_of_so_many_periods_must_breach(values: list[float | None], state: str) -> None:
    one = alarm(EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    one.evaluate(data_of(values), 180)
    assert one.state == state


def test_a_change_of_state_is_remembered_once_with_value_and_threshold() -> None:
    one, data = alarm(TreatMissingData="notBreaching"), data_of([1, 20, 30, 2])
    changes = [one.evaluate(data, end * 60) for end in range(1, 5)]
    assert [change and (change.state, change.value, change.threshold) for change in changes] == [
        ("OK", 1, "10"), ("ALARM", 20, "10"), None, ("OK", 2, "10"),
    ]


def test_a_value_outside_of_the_band_breaches_and_is_not_learnt_at_once() -> None:
    one = alarm(
        Metrics=[
            {"Id": "m", "MetricStat": {"Metric": {
                "Namespace": "Snowline", "MetricName": "X", "Dimensions": [{"Name": "Stack", "Value": "snowline"}]
            }, "Period": 60, "Stat": "Sum"}},
            {"Id": "usual", "Expression": "ANOMALY_DETECTION_BAND(m, 3)"},
        ],
        ThresholdMetricId="usual", ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
        TreatMissingData="notBreaching",
        **dict.fromkeys(["Namespace", "MetricName", "Dimensions", "Statistic", "Period", "Threshold"]),
    )
    usual = [100, 104, 96, 101, 99, 103, 97, 100, 102]
    for last, state in ((100, "OK"), (130, "ALARM"), (70, "ALARM")):
        one.evaluate(data_of([*usual, last]), 600)
        assert one.state == state, last
    learnt = anomaly.band([*usual, 500.0, 500.0, 500.0, 500.0], 1, 3)
    assert learnt == anomaly.band([*usual, 101.0, 101.0, 101.0, 101.0], 1, 3), "the last three are not"
    assert anomaly.band([*map(float, usual[:4])], 1, 3) == Band([None], [None]), "too few to know"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9.0), ("-a", [-1.0, None, -4.0]), ("10 - 4 - 3", 3.0),
        ("100 * a / b", [50.0, None, None]), ("FILL(a, 0) + b", [3.0, 2.0, 4.0]),
        ("MAX([a, b])", [2.0, 2.0, 4.0]), ("SUM([a, b])", [3.0, 2.0, 4.0]), ("MAX(a)", 4.0), ("MIN([FILL(a, 9), b])",
         [1.0, 2.0, 0.0]),
    ],
)
def test_metric_math(expression: str, value: object) -> None:
    known = {"a": [1.0, None, 4.0], "b": [2.0, 2.0, 0.0]}
    assert expressions.evaluate(expression, known.__getitem__, lambda *_: Band([], [])) == value


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("RATE(a)", "the function RATE has no stand-in"), ("a +", "ends too early"), ("a b", "unexpected b"),
        ("A + 1", "A is no id"), ("FILL(a, REPEAT)", "REPEAT is no id"), ("a % 2", "cannot read"),
        ("SEARCH('x', 'Sum', 300)", "an alarm cannot use SEARCH"),
    ],
)
def test_an_expression_that_has_no_stand_in_is_refused_by_name(expression: str, error: str) -> None:
    with pytest.raises(InvalidExpression, match=re.escape(error)):
        expressions.evaluate(expression, lambda _: [1.0], lambda *_: Band([], []))


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("Sum", 5050), ("Average", 50.5), ("Minimum", 1), ("Maximum", 100), ("SampleCount", 100), ("p50", 50),
     ("p99", 99), ("p99.5", 100), ("p100", 100)],
)
def test_statistics(statistic: str, value: float) -> None:
    assert statistic_of([float(one) for one in range(100, 0, -1)], statistic) == value
    assert statistic_of([], statistic) is None


def emf_line(**changes: Any) -> bytes:
    directive = {
        "Namespace": "Snowline", "Dimensions": [["Stack"]], "Metrics": [{"Name": "RowsRead", "Unit": "Count"}]
    } | changes.pop("directive", {})
    head = {"Timestamp": 1_790_000_000_123, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": head, "Stack": "snowline", "RowsRead": 5} | changes).encode() + b"\n"


def test_embedded_metrics_are_read() -> None:
    assert emf.points(emf_line()) == [
        (Metric.of("Snowline", "RowsRead", [("Stack", "snowline")]), 5, "Count", 1_790_000_000.123)
    ]
    assert emf.points(b'{"level":"INFO"}\n') == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"directive": {"Dimensions": []}}, "without a set of dimensions"),
        ({"directive": {"Dimensions": [["Stack", "Rule"]]}}, "no value of the dimension Rule"),
        ({"directive": {"Dimensions": [[f"d{n}" for n in range(31)]]}, **{f"d{n}": "x" for n in range(31)}}, "31 dim"),
        ({"Stack": ""}, "no value of the dimension Stack"),
        ({"directive": {"Metrics": [{"Name": "Gone", "Unit": "Count"}]}}, "Gone is announced"),
        ({"directive": {"Metrics": [{"Name": "RowsRead", "Unit": "Rows"}]}}, "'Rows' is no unit"),
        ({"RowsRead": "5"}, "'5' is no value"),
        ({"RowsRead": True}, "True is no value"),
        ({"RowsRead": [1] * 101}, "101 values"),
        ({"directive": {"Namespace": "Snow line"}}, "no namespace"),
    ],
)
def test_a_line_that_cloudwatch_would_drop_is_an_error(tmp_path: Path, changes: dict[str, Any], error: str) -> None:
    (tmp_path / "1.log").write_bytes(emf_line(**changes))
    with pytest.raises(InvalidMetric, match=error):
        emf.collect(emf.Logs(tmp_path), MetricData(), float)


def test_logs_are_read_once_and_line_by_line(tmp_path: Path) -> None:
    log, logs, data = tmp_path / "1.log", emf.Logs(tmp_path), MetricData()
    whole = emf_line()
    log.write_bytes(whole + whole[:20])
    emf.collect(logs, data, float)
    with log.open("ab") as file:
        file.write(whole[20:])
    emf.collect(logs, data, float)
    emf.collect(logs, data, float)
    (metric,) = data.units
    assert data.series(metric, "SampleCount", 60, 1_790_000_040, 1) == [2.0]


def test_the_dashboard_is_read_and_shows_every_alarm(watched: Stack) -> None:
    widgets = dashboard.read(watched.resources["Dashboard"], REGION)
    shown = {arn.partition(":alarm:")[2] for widget in widgets for arn in widget.alarms}
    assert shown == {one.name for one in alarms.read_all(watched.deployment)}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('"stacked"', '"staked"', "Transform by stage, ms: metric: staked has no stand-in"),
        ('"view": "timeSeries"', '"view": "lines"', "the view lines"),
        ('"region": "us-east-1"', '"region": ""', "is not that of the stack"),
        ('"x": 6, "y": 5', '"x": 0, "y": 5', "Rows: lies on Records on Firehose"),
        ('"x": 18, "y": 5', '"x": 19, "y": 5', "outside of the grid"),
        ("100 * rejected / read", "100 * rejected / red", "no red"),
        ('"yAxis": "right"', '"yAxis": "top"', "yAxis top"),
    ],
)
def test_a_dashboard_that_cloudwatch_would_refuse_is_refused_by_name(
    watched: Stack, old: str, new: str, error: str
) -> None:
    resource = watched.resources["Dashboard"]
    body = resource.properties["DashboardBody"]
    assert old in body
    with pytest.raises(InvalidDashboard, match=error):
        dashboard.read(replace(resource, properties={"DashboardBody": body.replace(old, new, 1)}), REGION)


def test_a_step_of_a_drill_is_five_minutes_however_long_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    real = iter([1000.0, 1002.0, 1012.0])
    monkeypatch.setattr("local.drill.clock.time.time", lambda: next(real))
    clock = Clock()
    begin = clock.now
    clock.end_step()
    clock.end_step()
    assert (begin % 300, clock.now - begin) == (0, 600)
    times = [clock.metric_time(moment) - begin for moment in (990, 1000, 1001, 1002, 1007)]
    assert times == [0, 0, 150, 300, 450]
    assert 599 < clock.metric_time(1012) - begin < 600, "the end of a step is still of it"
