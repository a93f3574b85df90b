"""The release binary of the transform as a Lambda instance: its Runtime API, events and costs."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench.places import REPOSITORY
from local.aws.runtime_api import RuntimeApi, Work

EVENT = REPOSITORY / "events" / "transform-s3-put.json"
BUCKET = "snowline-lake"
TIMEOUT_S = 900


@dataclass(frozen=True)
class Invocation:
    """What one invocation took; `cpu_s` is that of the whole process meanwhile."""

    wall_s: float
    cpu_s: float


class _RuntimeApi(RuntimeApi):
    def handle_error(self, *_: object) -> None:
        """Says nothing of the connection that ends with the process."""


class Function:
    """A process of the function, against an S3 at `endpoint`. A context manager."""

    def __init__(self, binary: Path, endpoint: str, log: Path) -> None:
        self._salt = log.with_suffix(".salt")
        self._salt.write_text("pepper")
        self._api = _RuntimeApi()
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [binary], env=self._environment(endpoint), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> Function:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def invoke(self, key: str, size: int) -> Invocation:
        """Sends the event of one object, whose eTag the stub makes of its size."""
        event = json.loads(EVENT.read_text())
        event["Records"][0]["s3"]["bucket"]["name"] = BUCKET
        event["Records"][0]["s3"]["object"] |= {"key": key, "size": size, "eTag": f"{size:032x}"}
        event["Records"][0]["s3"]["object"].pop("versionId", None)
        deadline_ms = int((time.time() + TIMEOUT_S) * 1000)
        work = Work(str(uuid4()), json.dumps(event).encode(), deadline_ms, "arn:aws:lambda:us-east-1:0:function:f")
        with self._api.changed:
            if not self._api.changed.wait_for(lambda: self._api.waiting, 10):
                raise RuntimeError(f"the function does not ask for work: see {self._log.name}")
            started, cpu = time.monotonic(), self._cpu_s()
            self._api.give(work)
            self._api.changed.wait_for(lambda: self._api.take_answer() is not None, TIMEOUT_S)
            answer = self._api.take_answer()
        invocation = Invocation(time.monotonic() - started, self._cpu_s() - cpu)
        if answer is None or answer.error:
            raise RuntimeError(f"the invocation failed: {answer and answer.payload.decode()}")
        return invocation

    def peak_mib(self) -> float:
        """Peak resident memory since the process started (VmHWM)."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the function has ended")

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _environment(self, endpoint: str) -> dict[str, str]:
        return {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "transform",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": endpoint,
            "STACK_NAME": "bench",
            "DATASET": "orders",
            "LAKE_BUCKET": BUCKET,
            "HASH_SALT_FILE": str(self._salt),
            "MALLOC_MMAP_THRESHOLD_": "4194304",
        }
