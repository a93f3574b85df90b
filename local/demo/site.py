"""The stand-ins and what an administrator does with them before any data flows."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.dataset import Dataset
from local.demo.sql_api import SqlApi, Table
from local.snowflake import SnowflakeServer
from local.stack import ROOT, Stack, Timing

SNOWLINE = ROOT / "target" / "release" / "snowline"
ACCOUNT = "LOCAL"
ADMINISTRATOR = "ADMIN"
PARAMETERS = {
    # Small landing objects, so that a short run has several.
    "FirehoseBufferMiB": "2",
}
# A failure is final within seconds, not after minutes of retries.
TIMING = Timing(firehose_interval_s=1.0, batch_window_s=1.0, retry_delays_s=(1.0, 2.0), redelivery_s=1)


class Site:
    """AWS and Snowflake on this machine, from an empty start; `parameters` are those of the template."""

    def __init__(
        self,
        directory: Path,
        dataset: Dataset,
        parameters: dict[str, str] = PARAMETERS,
        timing: Timing = TIMING,
        max_instances: int = 4,
    ) -> None:
        self.dataset = dataset
        self._directory = directory
        self._parameters = {"SnowflakeAccount": ACCOUNT} | parameters
        self._timing = timing
        self._max_instances = max_instances
        self._administrator_key = _new_key()
        self._service_key = _new_key()
        self._running = ExitStack()

    def start(self) -> None:
        """Starts both; `stop` must follow, also when this fails."""
        self.stack = self._running.enter_context(
            Stack(timing=self._timing, max_instances=self._max_instances, run_directory=self._directory)
        )
        administrator = self._directory / "administrator.pub"
        administrator.write_bytes(_public_pem(self._administrator_key))
        self.snowflake = self._running.enter_context(self._account({ADMINISTRATOR: administrator}))
        self.sql = SqlApi(self.snowflake.url, ACCOUNT, ADMINISTRATOR, self._administrator_key)

    def _account(self, users: dict[str, Path]) -> Any:
        """The Snowflake stand-in, not started yet."""
        return SnowflakeServer(self.stack.endpoint_url, users, account=ACCOUNT)

    def stop(self) -> None:
        """Stops what was started."""
        self._running.close()

    def deploy(self) -> None:
        """Deploys template.yaml and puts the service user's private key into its secret."""
        storage = self.snowflake.storage
        self.stack.add_user(storage.access_key_id, storage.iam_user_arn)
        self.stack.deploy(
            self._parameters | storage.trusted | {"Dataset": self.dataset.name, "SnowflakeUrl": self.snowflake.url}
        )
        self.stack.put_secret("SnowflakeKeySecret", _private_pem(self._service_key))

    def set_up_snowflake(self) -> int:
        """Runs what `snowline sql` prints, as an administrator; returns the number of statements."""
        public_key = self._directory / "snowline.pub"
        public_key.write_bytes(_public_pem(self._service_key))
        script = self._script(
            "--bucket", self.stack.outputs["LakeBucketName"],
            "--storage-role-arn", self.stack.outputs["SnowflakeReadRoleArn"],
            "--public-key", str(public_key),
        )
        return len(self.sql.run_script(script))

    def parked(self) -> int:
        """How many events and messages the pipeline gave up on, which wait for a person."""
        queues = ("LoadDeadLetterQueueUrl", "TransformFailuresUrl")
        return sum(self.stack.visible(self.stack.outputs[name]) for name in queues)

    def sample(self, name: str) -> Table:
        """The answer of a sample query of sql/samples/<dataset>."""
        return self.sql.run_script(self._script("--only", f"samples/{name}"))[-1]

    def read(self, query: str) -> Table:
        """The answer of a query, by an administrator."""
        return self.sql.query(query, role="SYSADMIN", warehouse="SNOWLINE_WH", database="SNOWLINE")

    def _script(self, *arguments: str) -> str:
        """What `snowline sql` prints."""
        command = [str(SNOWLINE), "sql", "--dataset", self.dataset.name, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
