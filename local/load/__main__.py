"""python -m local.load [--rate 100000] [--minutes 10] [--window 0] [--compress zstd] [--out target/load-test]

Exit codes: 0 when every row is accounted for, whatever the rate came to; 1 when one is not, something
was parked or failed; 2 for wrong usage, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import signal
import sys
from pathlib import Path

from local.console import Console

OUT = Path(__file__).resolve().parents[2] / "target" / "load-test"
SHARES = (0.10, 0.25, 0.50)
COMPRESSIONS = ("none", "gzip", "zstd")
OBJECT_BYTES_IN_MEMORY = 256 * 1024
"""moto keeps larger objects in temporary files: those of ten minutes would not fit into memory."""


def main() -> int:
    arguments = _arguments()
    console = Console()
    # A plain termination cleans up as Ctrl-C does. A shell lets its background jobs ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = str(OBJECT_BYTES_IN_MEMORY)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    console.title(
        f"Snowline: {arguments.rate:,} orders a second for {arguments.minutes:g} min, on this machine"
    )
    try:
        # Takes seconds; by now the person sees that something happens.
        from local.load import command
        from local.load.settings import Settings

        gc.freeze()
        settings = Settings(
            rate=arguments.rate, seconds=max(1, round(arguments.minutes * 60)), buffer_mib=arguments.buffer_mib,
            buffer_s=arguments.buffer_s, window_s=arguments.window, loads=arguments.loads,
            transforms=arguments.transforms, most_waiting_mb=arguments.most_waiting_mb,
            publish_every_s=arguments.publish_every, compress=arguments.compress,
            seed=arguments.seed,
        )
        return command.load_test(console, settings, arguments.shares, arguments.step_seconds, arguments.out)
    except KeyboardInterrupt:
        sys.stderr.write("\nload-test: interrupted; everything it started is stopped\n")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.load", description="The pipeline under a steady stream.")
    add = parser.add_argument
    add("--rate", type=_count, default=100_000, metavar="N", help="lines a second")
    add("--minutes", type=float, default=10, metavar="N", help="how long to send")
    add("--compress", choices=COMPRESSIONS, default="zstd", help="how the producer compresses each record")
    add("--buffer-mib", type=_count, default=8, metavar="N",
        help="Firehose cuts an object at this size of records as they arrive, compressed or not")
    add("--buffer-s", type=int, default=1, metavar="N", help="or at this age")
    add("--window", type=int, default=0, metavar="N", help="seconds that new files gather before a COPY")
    add("--loads", type=_count, default=4, metavar="N", help="batches that load at once")
    add("--transforms", type=_count, default=2, metavar="N", help="instances of the transform")
    add("--most-waiting-mb", type=_count, default=500, metavar="N",
        help="hold the producer while more than this, of text, waits on its way to staging")
    add("--publish-every", type=_count, default=60, metavar="N", help="seconds between two merges")
    add("--shares", type=_shares, default=list(SHARES), metavar="LIST",
        help="shorter runs for the model, at these shares of what was sustained; none for an empty list")
    add("--step-seconds", type=_count, default=45, metavar="N", help="how long each of them sends")
    add("--seed", type=int, default=1, help="the same seed yields the same orders")
    add("--out", type=Path, default=OUT, help="where summary and report go")
    return parser.parse_args()


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


def _shares(text: str) -> list[float]:
    shares = [float(share) for share in text.split(",") if share]
    if not all(0 < share < 1 for share in shares):
        raise argparse.ArgumentTypeError("shares lie between 0 and 1")
    return shares


if __name__ == "__main__":
    sys.exit(main())
