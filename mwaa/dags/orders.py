"""Publishes a dataset once an hour: audit, then merge, then check.

The dataset is the one this file is named after: a copy under another name schedules another.

What each step does is the publish function's business; this file says when it
runs and what happens when it fails. A step fails when the function answers with
an error, so a failed check stops the run and sends an e-mail.

Airflow Variables, read when a task runs:
    snowline_<dataset>_publish_function  name or ARN of the publish function
    snowline_alert_email                 who hears of a failure

The e-mail leaves through the connection ``smtp_default``.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow import DAG
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

DATASET = Path(__file__).stem

FAILURE_EMAIL = SmtpNotifier(
    to="{{ var.value.snowline_alert_email }}",
    subject="Snowline: {{ dag.dag_id }} failed at {{ ti.task_id }}",
    html_content=(
        "<p>Run {{ run_id }}, try {{ ti.try_number }}.</p>"
        "<pre>{{ exception | default('The log has the cause.') | e }}</pre>"
        '<p><a href="{{ ti.log_url }}">Log</a></p>'
    ),
)

# A statement may run for minutes. With botocore's defaults the call would time out
# after 60 s and be sent again, and a NAT gateway drops a connection idle for 350 s.
LAMBDA_CLIENT = {
    "connect_timeout": 10,
    "read_timeout": 900,
    "retries": {"max_attempts": 0},
    "tcp_keepalive": True,
}


def publish(task: str) -> LambdaInvokeFunctionOperator:
    """One call of the publish function, which learns the task and the run."""
    return LambdaInvokeFunctionOperator(
        task_id=task,
        function_name=f"{{{{ var.value.snowline_{DATASET}_publish_function }}}}",
        payload=f'{{"task": "{task}", "run_id": {{{{ run_id | tojson }}}}}}',
        log_type="Tail",
        botocore_config=LAMBDA_CLIENT,
        execution_timeout=timedelta(minutes=16),
    )


with DAG(
    dag_id=f"snowline_{DATASET}",
    description=f"Audit, merge and check the {DATASET} that have been loaded.",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": FAILURE_EMAIL,
    },
    tags=["snowline"],
    doc_md=__doc__,
):
    publish("audit") >> publish("merge") >> publish("check")
