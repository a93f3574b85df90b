"""Stand-in for Amazon CloudWatch: metric data, and the alarms and dashboard of the deployed template.

| | |
|---|---|
| `metrics` | data points with their times; statistics by period |
| `emf` | embedded metric format, read from what functions log, as strictly as the format says |
| `services` | the metrics that Lambda, SQS, Firehose and S3 emit of themselves |
| `expressions` | metric math: what alarms and dashboard use of it; anything else is an error by name |
| `anomaly` | the band of what is usual: a simple model, not AWS's |
| `queries` | `Metrics` of an alarm and lines of a widget: metrics and expressions that refer to one another |
| `alarms` | the alarms: read strictly, evaluated at given times, their states and notifications |
| `dashboard` | the body of a dashboard, read strictly |

Time is always given: nothing here looks at a clock.
"""

from local.aws.cloudwatch.metrics import Metric, MetricData

__all__ = ["Metric", "MetricData"]
