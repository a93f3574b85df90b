"""Measures invocations of the transform against their three parts: reading, computing, writing.

For each object it prints, in seconds,

  read    one connection draining the object, and in brackets four connections doing so
  compute the same transform of a local file, without a network (`snowline transform`)
  write   the requests the function writes with, sent by a client that has the bytes at hand
  wall    the invocation, from handing over the event to taking the answer
  ratio   wall over the slowest of the three, where reading is that of one connection; and in
          brackets with four connections, the stricter measure

and the function's processor time, its peak resident memory and what it asked of S3. All are
medians of warm invocations. The network is that of `stub_s3.py`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import median

from bench.invocation.function import Function
from bench.invocation.s3_client import READERS, Stub, read, write
from bench.invocation.stub_s3 import Network
from bench.machine import commit, describe
from bench.places import BENCH, REPOSITORY, SNOWLINE

WORK = BENCH / "invocation"
KEY = "landing/year=2026/month=11/day=22/hour=09"
BYTES_PER_LINE = 350
PLAIN, ZIPPED = "ndjson", "ndjson.gz"


@dataclass(frozen=True)
class Row:
    """What was measured with one object; times in seconds."""

    object: str
    bytes: int
    read_s: float
    read_parallel_s: float
    compute_s: float
    write_s: float
    wall_s: float
    cpu_s: float
    peak_mib: float
    gets: int
    writes: int

    @property
    def ratio(self) -> float:
        return self.wall_s / max(self.read_s, self.compute_s, self.write_s)

    @property
    def ratio_parallel(self) -> float:
        return self.wall_s / max(self.read_parallel_s, self.compute_s, self.write_s)


def make_object(snowline: Path, size_mb: int, ending: str) -> Path:
    """Writes an object of orders of this size, zipped or not, unless it is there already."""
    path = WORK / KEY / f"{size_mb}MB.{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return path
    part = path.with_suffix(".part")
    if ending == ZIPPED:
        plain = make_object(snowline, size_mb, PLAIN)
        with plain.open("rb") as source, gzip.open(part, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target, 1 << 20)
    else:
        count = str(size_mb * 1_000_000 // BYTES_PER_LINE)
        command = [snowline, "generate", "--count", count, "--seed", "7", "--start", "2026-11-22T09:00:00Z"]
        with part.open("wb") as file:
            subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
    part.rename(path)
    return path


def timed(work: Callable[[], object], rounds: int) -> float:
    """The median time of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.monotonic()
        work()
        times.append(time.monotonic() - start)
    return median(times)


def compute(snowline: Path, path: Path) -> None:
    """Transforms a local file with the program that shares the function's core."""
    with tempfile.TemporaryDirectory(dir=WORK) as out:
        command = [snowline, "transform", "--contract", "orders", path, "--out", out]
        subprocess.run(command, check=True, capture_output=True)


def measure(path: Path, args: argparse.Namespace, stub: Stub, network: Network) -> Row:
    """Measures one object with a process of its own."""
    key, size = f"{KEY}/{path.name}", path.stat().st_size
    stub.set_network(network)
    with Function(args.transform, stub.url, WORK / "transform.log") as function:
        function.invoke(key, size)
        stub.take_requests()
        runs = [function.invoke(key, size) for _ in range(args.rounds)]
        peak_mib = function.peak_mib()
    requests = stub.take_requests()
    requests = requests[: len(requests) // args.rounds]
    writes = [request for request in requests if request.method != "GET"]
    row = Row(
        object=path.name,
        bytes=size,
        read_s=timed(lambda: read(stub, key, size, connections=1), args.rounds),
        read_parallel_s=timed(lambda: read(stub, key, size, connections=READERS), args.rounds),
        compute_s=timed(lambda: compute(args.snowline, path), args.rounds),
        write_s=timed(lambda: write(stub, writes), args.rounds),
        wall_s=median(run.wall_s for run in runs),
        cpu_s=median(run.cpu_s for run in runs),
        peak_mib=peak_mib,
        gets=len(requests) - len(writes),
        writes=len(writes),
    )
    stub.take_requests()
    return row


HEADER = (
    f"{'object':16} {'MB':>6}  {'read':>14} {'compute':>8} {'write':>6} {'wall':>6}"
    f"  {'ratio':>11}  {'cpu':>5} {'MiB':>4} {'GET':>4} {'PUT, POST':>9}"
)


def line(row: Row) -> str:
    """One row of the table."""
    return (
        f"{row.object:16} {row.bytes / 1e6:6.1f}  {row.read_s:6.3f} ({row.read_parallel_s:5.3f}) {row.compute_s:8.3f}"
        f" {row.write_s:6.3f} {row.wall_s:6.3f}  {row.ratio:4.2f} ({row.ratio_parallel:4.2f})"
        f"  {row.cpu_s:5.2f} {row.peak_mib:4.0f} {row.gets:4} {row.writes:9}"
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 350], metavar="MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connection-mb-per-s", type=float, default=90)
    parser.add_argument("--total-mb-per-s", type=float, default=0, help="of all connections; 0: no limit")
    parser.add_argument("--first-byte-ms", type=float, default=20)
    parser.add_argument("--endings", nargs="+", choices=[PLAIN, ZIPPED], default=[PLAIN, ZIPPED])
    parser.add_argument("--transform", type=Path, default=REPOSITORY / "target/release/transform")
    parser.add_argument("--snowline", type=Path, default=SNOWLINE)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    network = Network(args.connection_mb_per_s, args.total_mb_per_s, args.first_byte_ms)
    print(
        f"S3: {network.connection_mb_per_s:g} MB/s a connection, {network.total_mb_per_s or 'any'} MB/s in all,"
        f" {network.first_byte_ms:g} ms to the first byte; {args.rounds} rounds"
    )
    print(HEADER, flush=True)
    rows = []
    with Stub(WORK) as stub:
        for size_mb, ending in product(args.sizes, args.endings):
            path = make_object(args.snowline, size_mb, ending)
            rows.append(measure(path, args, stub, network))
            print(line(rows[-1]), flush=True)
    result = {
        "machine": describe(),
        "commit": commit(),
        "network": asdict(network),
        "rows": [asdict(row) for row in rows],
    }
    (BENCH / "invocation.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
