"""The whole pipeline for a test: release binaries over the stand-ins of AWS and Snowflake."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.s3.models import s3_backends

from local.aws.cloudformation import ACCOUNT
from local.dataset import Dataset, read
from local.snowflake import SnowflakeServer
from local.stack import ROOT, Stack, Timing
from local.tests.leaks import assert_not_logged, secrets_of

SNOWLINE = ROOT / "target" / "release" / "snowline"
TIMING = Timing(retry_delays_s=(0.1, 0.1), firehose_interval_s=0.4, batch_window_s=0.3, redelivery_s=0)
HOUR = "landing/year=2026/month=11/day=22/hour=09"
STORAGE_ROLE = "arn:aws:iam::123456789012:role/snowflake-read"
"""For a warehouse that reads no lake."""

Row = dict[str, Any]


def snowline(*arguments: str | Path, environment: dict[str, str] | None = None) -> bytes:
    """Runs the command line and returns its output; raises when it fails."""
    done = subprocess.run([SNOWLINE, *arguments], env=environment, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass
class Pipeline:
    """A deployed stack with a set-up warehouse."""

    stack: Stack
    snowflake: SnowflakeServer
    dataset: Dataset

    @cached_property
    def s3(self) -> Any:
        return self.stack.client("s3")

    @property
    def bucket(self) -> str:
        return self.stack.outputs["LakeBucketName"]

    @property
    def storage_role(self) -> str:
        return self.stack.outputs["SnowflakeReadRoleArn"]

    @cached_property
    def salt(self) -> bytes:
        """The salt of hashed columns, as the stack generated it."""
        secrets = self.stack.client("secretsmanager")
        secret_id = self.stack.resources["HashSaltSecret"].physical_id
        return secrets.get_secret_value(SecretId=secret_id)["SecretString"].encode()

    def generate(self, folder: Path, *options: str) -> tuple[bytes, Row]:
        """Sends generated records to the landing stream; returns the lines and the summary."""
        lines, summary = folder / "lines", folder / "summary.json"
        snowline(
            "generate", "--dataset", self.dataset.name, "--to", f"firehose:{self.stack.outputs['LandingStreamName']}",
            "--copy-to", lines, "--summary", summary, *options,
            environment=self.stack.environment,
        )
        return lines.read_bytes(), json.loads(summary.read_text())

    def send(self, records: Iterable[bytes]) -> None:
        """Puts each record on the landing stream as it is."""
        firehose = self.stack.client("firehose")
        for data in records:
            firehose.put_record(
                DeliveryStreamName=self.stack.outputs["LandingStreamName"], Record={"Data": data}
            )

    def land(self, name: str, body: bytes) -> str:
        """Puts a landing object past Firehose; returns its key."""
        key = f"{HOUR}/{name}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return key

    @contextmanager
    def without(self, *keys: str) -> Iterator[None]:
        """S3 knows no version of these objects meanwhile."""
        held = s3_backends[ACCOUNT]["aws"].get_bucket(self.bucket).keys
        taken = {key: held.getlist(key) for key in keys}
        for key in keys:
            del held[key]
        yield
        for key, versions in taken.items():
            held.setlist(key, versions)

    def settle(self) -> None:
        """Waits until everything that was sent has come to rest."""
        self.stack.wait_until_idle(flush=True)

    def publish(self, task: str, run_id: str = "test") -> Any:
        return self.stack.invoke("PublishFunction", {"task": task, "run_id": run_id})

    def etags(self, prefix: str = "") -> dict[str, str]:
        """The eTag of every object by its key."""
        return {one["Key"]: one["ETag"] for one in self.listed(prefix)}

    def listed(self, prefix: str = "") -> Iterator[Row]:
        """Every object as S3 lists it."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return (one for page in pages for one in page.get("Contents", []))

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def ledger(self) -> dict[str, Row]:
        """The ledger entries in the lake by landing key."""
        entries = [json.loads(self.read(key)) for key in self.etags("ledger/")]
        by_key = {entry["key"]: entry for entry in entries}
        assert len(by_key) == len(entries), "an object has two entries"
        return by_key

    def quarantine(self, entry: Row) -> list[Row]:
        """The rejects of a ledger entry."""
        keys = [output["key"] for output in entry["outputs"] if output["zone"] == "quarantine"]
        return [json.loads(line) for key in keys for line in self.read(key).splitlines()]

    def rows(self, table: str) -> list[Row]:
        """Every row of a table or view, by lower-case column names."""
        schema, _, name = table.partition(".")
        listed = self.snowflake.query(
            "select lower(column_name) from snowline.information_schema.columns "
            f"where lower(table_schema) = '{schema}' and lower(table_name) = '{name}' order by ordinal_position"
        )
        columns = [column for (column,) in listed]
        rows = self.snowflake.query(f"select {', '.join(columns)} from snowline.{table}")
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def errors(self, logical_id: str) -> list[Row]:
        """The lines of level ERROR that a function has logged."""
        folder = self.stack.logs / self.stack.resources[logical_id].physical_id
        lines = [line for log in sorted(folder.glob("*.log")) for line in log.read_bytes().splitlines()]
        parsed = [json.loads(line) for line in lines if line.startswith(b"{")]
        return [line for line in parsed if line.get("level") == "ERROR"]

    def metric(self, name: str) -> int:
        """The sum of a metric over all that was emitted."""
        return sum(line[name] for line in self.stack.metrics() if name in line)


@contextmanager
def deployed(
    folder: Path,
    authentication: str = "key-pair",
    parameters: dict[str, str] | None = None,
    edit_setup: Callable[[str], str] = str,
    stack: Stack | None = None,
    partition_rows: int = 10_000,
    dataset: str = "orders",
) -> Iterator[Pipeline]:
    """Deploys the template, sets the warehouse up as an administrator does, and stops both after.

    `edit_setup` may change the script that sets the warehouse up. Fails after a run that has logged
    a secret.
    """
    keys = {user: new_key() for user in ("ADMIN", "SNOWLINE")}
    public = {user: folder / f"{user}.pem" for user in keys}
    for user, key in keys.items():
        public[user].write_text(public_pem(key))
    with (
        stack or Stack(timing=TIMING, run_directory=folder) as stack,
        SnowflakeServer(
            stack.endpoint_url, {"ADMIN": public["ADMIN"]}, account="LOCAL", partition_rows=partition_rows
        ) as snowflake,
    ):
        stack.add_user(snowflake.storage.access_key_id, snowflake.storage.iam_user_arn)
        stack.deploy({
            "SnowflakeAccount": "LOCAL", "SnowflakeUrl": snowflake.url, "FirehoseBufferMiB": "1",
            "Dataset": dataset, "SnowflakeAuthentication": authentication,
            **snowflake.storage.trusted, **(parameters or {}),
        })
        script = snowline(
            "sql", "--dataset", dataset, "--bucket", stack.outputs["LakeBucketName"],
            "--storage-role-arn", stack.outputs["SnowflakeReadRoleArn"], "--public-key", public["SNOWLINE"],
            "--load-role-arn", stack.outputs["LoadRoleArn"],
            "--publish-role-arn", stack.outputs["PublishRoleArn"], "--identity-issuer", stack.sts.issuer,
        )
        snowflake.run_script(edit_setup(script.decode()))
        snowflake.trust_issuer(stack.sts.issuer, stack.sts.published_keys)
        if authentication == "key-pair":
            stack.put_secret("SnowflakeKeySecret", private_pem(keys["SNOWLINE"]))
        elif authentication == "access-token":
            stack.put_secret("SnowflakeKeySecret", snowflake.add_access_token("SNOWLINE"))
        yield Pipeline(stack, snowflake, read(dataset))
        secrets = secrets_of(stack)
    assert_not_logged(secrets, stack.logs)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()
