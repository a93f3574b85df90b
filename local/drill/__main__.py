"""python -m local.drill [--seed N] [--out target/drill] [--dashboard FILE]

Exit codes: 0 when every alarm was raised by its fault and recovered, 1 when not, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from local.console import Console

OUT = Path(__file__).resolve().parents[2] / "target" / "drill"
SEED = 20_261_126


def main() -> int:
    arguments = _arguments()
    console, begun = Console(), time.time()
    console.title("Snowline: one fault after the other, and what the alarms say")
    try:
        return _drill(console, arguments, begun)
    except KeyboardInterrupt:
        sys.stderr.write("\ndrill: interrupted; everything it started is stopped\n")
        return 130


def _drill(console: Console, arguments: argparse.Namespace, begun: float) -> int:
    # Takes seconds; by now the person sees that something happens.
    from local.dashboard import render
    from local.drill.faults import Limits
    from local.drill.report import print_table
    from local.drill.run import Drill, DrillFailed, parameters
    from local.tests.lineage_receiver import Receiver
    from local.tests.pipeline import deployed

    shutil.rmtree(arguments.out, ignore_errors=True)
    arguments.out.mkdir(parents=True)
    limits = Limits(copy_ms=None)
    with Receiver() as lineage, deployed(arguments.out, "access-token", parameters(limits, lineage)) as pipeline:
        drill = Drill(pipeline, lineage, limits, arguments.seed, console.progress)
        try:
            drill.run()
        except DrillFailed as error:
            print_table(console, drill)
            sys.stderr.write(f"\ndrill: {error}; logs: {pipeline.stack.logs}\n")
            return 1
        print_table(console, drill)
        if arguments.dashboard:
            arguments.dashboard.write_text(render.picture(drill))
            console.text(f"The dashboard: {arguments.dashboard}")
    console.text(f"Every alarm was raised by its fault and is OK again. All in {time.time() - begun:.1f} s.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.drill", description="A drill of the alarms on this machine.")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed sends the same orders")
    parser.add_argument("--out", type=Path, default=OUT, help="where logs go")
    parser.add_argument("--dashboard", type=Path, help="draw the dashboard of the template as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
