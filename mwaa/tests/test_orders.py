"""The DAG's shape, and runs of it with the real operator."""

import shutil
from datetime import timedelta

import pytest
from airflow.models import DagBag

from conftest import DAGS


@pytest.fixture
def dag():
    bag = DagBag(str(DAGS), include_examples=False)
    assert not bag.import_errors
    return bag.dags["snowline_orders"]


def run(dag) -> tuple[str, dict[str, str]]:
    """Runs the DAG once; answers the state of the run and of each task."""
    dag_run = dag.test()
    return str(dag_run.state), {ti.task_id: str(ti.state) for ti in dag_run.get_task_instances()}


def test_steps_run_one_after_another_once_an_hour_and_never_twice_at_once(dag):
    assert [task.task_id for task in dag.topological_sort()] == ["audit", "merge", "check"]
    assert dag.task_dict["audit"].downstream_task_ids == {"merge"}
    assert dag.task_dict["merge"].downstream_task_ids == {"check"}
    assert dag.timetable.summary == "0 * * * *"
    assert dag.max_active_runs == 1
    assert dag.catchup is False


@pytest.mark.parametrize("task_id", ["audit", "merge", "check"])
def test_a_call_is_retried_by_airflow_alone_and_outlasts_the_function(dag, task_id):
    task = dag.task_dict[task_id]
    assert (task.retries, task.retry_delay) == (3, timedelta(minutes=5))
    client = task.hook.conn.meta.config
    assert client.read_timeout == 900
    assert client.retries["total_max_attempts"] == 1
    assert client.tcp_keepalive is True
    assert task.execution_timeout > timedelta(seconds=client.read_timeout)


def test_a_copy_of_the_file_schedules_the_dataset_it_is_named_after(tmp_path):
    shutil.copy(DAGS / "orders.py", tmp_path / "rides.py")
    bag = DagBag(str(tmp_path), include_examples=False)
    assert not bag.import_errors and set(bag.dags) == {"snowline_rides"}
    functions = {task.function_name for task in bag.dags["snowline_rides"].tasks}
    assert functions == {"{{ var.value.snowline_rides_publish_function }}"}


def test_a_run_gives_each_step_its_task_and_the_run_id(dag, airflow_database, publish_function):
    state, tasks = run(dag)
    assert state == "success"
    assert set(tasks.values()) == {"success"}
    assert publish_function.tasks() == ["audit", "merge", "check"]
    assert {name for name, _ in publish_function.invoked} == {"snowline-orders-publish"}
    run_ids = {payload["run_id"] for _, payload in publish_function.invoked}
    assert len(run_ids) == 1 and run_ids.pop().startswith("manual__")


def test_a_failing_check_is_tried_four_times_then_turns_red_and_sends_mail(
    dag, airflow_database, publish_function, inbox
):
    publish_function.failing = {"check"}
    dag.task_dict["check"].retry_delay = timedelta(0)
    state, tasks = run(dag)
    assert state == "failed"
    assert tasks == {"audit": "success", "merge": "success", "check": "failed"}
    assert publish_function.tasks() == ["audit", "merge"] + 4 * ["check"]
    [message] = inbox.messages
    assert message["To"] == "on-call@example.com"
    assert message["Subject"] == "Snowline: snowline_orders failed at check"
    run_id = publish_function.invoked[-1][1]["run_id"]
    assert run_id in message.get_body(("html",)).get_content()


def test_a_failing_audit_keeps_the_merge_from_running(dag, airflow_database, publish_function, inbox):
    publish_function.failing = {"audit"}
    dag.task_dict["audit"].retry_delay = timedelta(0)
    state, tasks = run(dag)
    assert state == "failed"
    assert tasks == {"audit": "failed", "merge": "upstream_failed", "check": "upstream_failed"}
    assert set(publish_function.tasks()) == {"audit"}
