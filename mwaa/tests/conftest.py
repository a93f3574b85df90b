"""An Airflow of its own, on SQLite, for one run of the tests.

Airflow reads its settings when it is imported, so they are in place before any
test module imports it.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

DAGS = Path(__file__).resolve().parents[1] / "dags"
HOME = tempfile.mkdtemp(prefix="snowline-airflow-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

os.environ.update(
    AIRFLOW_HOME=HOME,
    AIRFLOW__CORE__DAGS_FOLDER=str(DAGS),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    AIRFLOW_VAR_SNOWLINE_ORDERS_PUBLISH_FUNCTION="snowline-orders-publish",
    AIRFLOW_VAR_SNOWLINE_ALERT_EMAIL="on-call@example.com",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
)

import mailbox  # noqa: E402

import lambda_endpoint  # noqa: E402


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Creates the tables that a run is kept in."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)


@pytest.fixture
def publish_function(monkeypatch: pytest.MonkeyPatch) -> Iterator[lambda_endpoint.LambdaEndpoint]:
    """A Lambda endpoint that Airflow's AWS client is pointed at."""
    with lambda_endpoint.serve() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", endpoint.url)
        yield endpoint


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[mailbox.Mailbox]:
    """A mail server behind the connection the DAG sends through."""
    with mailbox.serve() as box:
        monkeypatch.setenv(
            "AIRFLOW_CONN_SMTP_DEFAULT",
            f"smtp://127.0.0.1:{box.port}/?disable_ssl=true&disable_tls=true&from_email=snowline%40example.com",
        )
        yield box
