"""Measures what a new instance of each function costs: its start, its size and its first invocation.

    python -m bench.cold_start [--starts 50] [--binaries target/release]

start       milliseconds from exec until the first request for work (`/next`) arrives: median,
            95th percentile and minimum; and the processor time spent until then
zip         the binary as `sam deploy` packs it
invocation  the transform of a small object, seen from the services it talks to: in a new instance
            and, as the median of those that follow, in a used one. "secret" ends when the request
            for the salt arrives: the event is read, credentials, root certificates and signature
            are ready. "object" ends when the object is asked for: the salt has arrived and the
            plan is made. "outputs" ends with the answer.

Nothing is encrypted between loopback addresses; the handshakes of TLS come on top. Exits with 1
when a package is larger than MAX_ZIP_BYTES.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import socket
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.cold_start_services import BUCKET, Services

ROOT = Path(__file__).parent.parent
FUNCTIONS = ("transform", "load", "publish")
CLOSED_PORT = "http://127.0.0.1:1"
INVOCATIONS = 10
MAX_ZIP_BYTES = 5_000_000


@dataclass(frozen=True)
class Start:
    """One start of a function."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Invocation:
    """One invocation of the transform, in milliseconds; "secret" is missing in a used instance."""

    secret_ms: float
    object_ms: float
    outputs_ms: float

    @property
    def total_ms(self) -> float:
        return self.secret_ms + self.object_ms + self.outputs_ms


def environment(runtime_api: str, endpoint: str) -> dict[str, str]:
    """What Lambda and template.yaml give a function; here every function gets all of it."""
    return {
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL": endpoint,
        "TZ": ":UTC",
        "STACK_NAME": "bench",
        "DATASET": "orders",
        "LOG_LEVEL": "info",
        "LAKE_BUCKET": BUCKET,
        "HASH_SALT_SECRET": "salt",
        "SNOWFLAKE_ACCOUNT": "myorg-acme",
        "SNOWFLAKE_USER": "SNOWLINE",
        "SNOWFLAKE_WAREHOUSE": "SNOWLINE_WH",
        "SNOWFLAKE_DATABASE": "SNOWLINE",
        "SNOWFLAKE_ROLE": "SNOWLINE_LOAD",
        "SNOWFLAKE_SCHEMA_ROLE": "SNOWLINE_SCHEMA",
        "SNOWFLAKE_URL": CLOSED_PORT,
        "SNOWFLAKE_PRIVATE_KEY_SECRET": "key",
    }


def spawn(binary: Path, variables: dict[str, str]) -> int:
    """Starts a function without its log and returns its process id."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    return os.posix_spawn(binary, [binary], variables, file_actions=quiet)


def end(pid: int) -> float:
    """Ends a function and returns the processor time it used, in milliseconds."""
    os.kill(pid, signal.SIGKILL)
    usage = os.wait4(pid, 0)[2]
    return (usage.ru_utime + usage.ru_stime) * 1000


def start(binary: Path) -> Start:
    """Starts a function until it asks for work. A bare socket, whose own time does not count."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        variables = environment(f"127.0.0.1:{server.getsockname()[1]}", CLOSED_PORT)
        begin = time.perf_counter()
        pid = spawn(binary, variables)
        try:
            connection, _ = server.accept()
            request = connection.recv(4096)
            wall_ms = (time.perf_counter() - begin) * 1000
        finally:
            cpu_ms = end(pid)
        connection.close()
    if not request.startswith(b"GET /2018-06-01/runtime/invocation/next "):
        raise RuntimeError(f"{binary.name} does not ask for work but says {request[:80]!r}")
    return Start(wall_ms, cpu_ms)


def zipped_bytes(binary: Path) -> int:
    """The size of the deployment package, made as SAM makes it."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(binary, "bootstrap")
    return len(package.getvalue())


def invocations(transform: Path) -> list[Invocation]:
    """Starts the transform, invokes it several times and splits each invocation."""
    with Services() as services:
        pid = spawn(transform, environment(services.address, f"http://{services.address}"))
        try:
            services.wait_for_instance()
            return [split(services.invoke()) for _ in range(INVOCATIONS)]
        finally:
            end(pid)


def split(moments: dict[str, float]) -> Invocation:
    """What passed between the moments that the services noted."""
    begin = moments["given"]
    secret = moments.get("secret", begin)
    parts = (secret - begin, moments["object"] - secret, moments["answered"] - moments["object"])
    return Invocation(*(part * 1000 for part in parts))


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, round(share * len(values)))]


def measure(binary: Path, starts: int) -> dict[str, float]:
    """Start and size of one function."""
    start(binary)
    runs = [start(binary) for _ in range(starts)]
    walls = [run.wall_ms for run in runs]
    return {
        "bytes": binary.stat().st_size,
        "zip_bytes": zipped_bytes(binary),
        "start_ms": median(walls),
        "start_p95_ms": percentile(walls, 0.95),
        "start_min_ms": min(walls),
        "start_cpu_ms": median(run.cpu_ms for run in runs),
    }


def medians(runs: list[Invocation]) -> dict[str, float]:
    parts = ("secret_ms", "object_ms", "outputs_ms", "total_ms")
    return {part: median(getattr(run, part) for run in runs) for part in parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--instances", type=int, default=10, help="of the transform, to be invoked")
    parser.add_argument("--binaries", type=Path, default=ROOT / "target" / "release")
    args = parser.parse_args()

    print(f"{'function':10} {'binary MB':>9} {'zip MB':>7}  {'start ms':>8} {'p95':>6} {'min':>6} {'cpu':>6}")
    functions = {}
    for name in FUNCTIONS:
        row = functions[name] = measure(args.binaries / name, args.starts)
        print(
            f"{name:10} {row['bytes'] / 1e6:9.2f} {row['zip_bytes'] / 1e6:7.2f}  {row['start_ms']:8.1f}"
            f" {row['start_p95_ms']:6.1f} {row['start_min_ms']:6.1f} {row['start_cpu_ms']:6.1f}"
        )

    instances = [invocations(args.binaries / "transform") for _ in range(args.instances)]
    first = medians([runs[0] for runs in instances])
    later = medians([run for runs in instances for run in runs[1:]])
    print(f"\n{'invocation':10} {'secret ms':>9} {'object':>7} {'outputs':>8} {'total':>6}")
    for name, row in (("first", first), ("later", later)):
        cells = f"{row['secret_ms']:9.1f} {row['object_ms']:7.1f} {row['outputs_ms']:8.1f} {row['total_ms']:6.1f}"
        print(f"{name:10} {cells}")

    result = {"functions": functions, "invocation": {"first": first, "later": later}}
    path = ROOT / "target" / "bench" / "cold_start.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")

    too_large = [name for name, row in functions.items() if row["zip_bytes"] > MAX_ZIP_BYTES]
    if too_large:
        raise SystemExit(f"larger than {MAX_ZIP_BYTES / 1e6:.1f} MB: {', '.join(too_large)}")


if __name__ == "__main__":
    main()
