"""python -m bench.agents [--rounds 5] [--count 1000000] [--snowline target/release/snowline]

Has agents follow a file of orders, about 351 bytes a line, and send them to an HTTP sink on loopback,
in turn, and prints what each used for it: processor time, lines a second of processor time, peak
memory. Agent and sink have a processor each, where there are two. The first line is snowline without
a network: packed records on standard output.

Exit codes: 0 when it was measured, 1 when an agent failed, 2 for wrong usage.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import data, machine
from bench.__main__ import arguments_of
from bench.agents.agents import OURS, Agent, installed
from bench.agents.errors import AgentFailed
from bench.measure import Run, run
from bench.places import BENCH, REPOSITORY
from bench.report import table
from bench.rounds import emptied

WORK = BENCH / "agents"
NO_NETWORK = "snowline, no network"
PATIENCE_S = 600
LOOK_S = 0.02
HEAD = ("agent", "version", "CPU s", "lines a CPU second", "CPU, times ours", "wall s", "peak MiB")


@dataclass(frozen=True)
class Used:
    """What one run of an agent took."""

    cpu_s: float
    wall_s: float
    peak_mib: float


@contextmanager
def sink(folder: Path) -> Iterator[tuple[int, Path]]:
    """A sink that runs meanwhile: its port, and the file with its count of lines."""
    port_file, total_file = folder / "port", folder / "total"
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.agents.sink", str(port_file), str(total_file)], cwd=REPOSITORY
    )
    _on_processor(process.pid, -1)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (port_file.exists() and port_file.read_text()):
            if process.poll() is not None or time.monotonic() > end:
                raise AgentFailed("the sink did not start")
            time.sleep(LOOK_S)
        yield int(port_file.read_text()), total_file
    finally:
        process.kill()
        process.wait()


def follow(agent: Agent, lines: Path, count: int, folder: Path) -> Used:
    """Lets the agent send all lines, ends it, and says what it used."""
    with sink(folder) as (port, total), (folder / "log").open("wb") as log:
        command, environment = agent.command(lines, port, folder)
        begun = time.monotonic()
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        _on_processor(process.pid, 0)
        try:
            _wait(agent, process, total, count, folder)
            wall_s = time.monotonic() - begun
        finally:
            # By its number: it may have ended, and is waited for here alone.
            os.kill(process.pid, signal.SIGTERM)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
        if (sent := int(total.read_text())) != count:
            raise AgentFailed(f"{agent.name} sent {sent:,} lines of {count:,}")
    return Used(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024)


def _wait(agent: Agent, process: subprocess.Popen[bytes], total: Path, count: int, folder: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        # The sink may be in the middle of writing its count.
        with suppress(FileNotFoundError, ValueError):
            if int(total.read_text()) >= count:
                return
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) or time.monotonic() > end:
            said = (folder / "log").read_text(errors="replace")[-2000:]
            raise AgentFailed(f"{agent.name} did not send every line\n{said}")
        time.sleep(LOOK_S)


def _on_processor(pid: int, index: int) -> None:
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, {processors[index]})


def without_network(snowline: Path, lines: Path, folder: Path) -> Used:
    """Packs the file into records for nobody."""
    command = [snowline, "tail", lines, "--once", "--to", "-", "--state", folder / "state"]
    measured: Run = run(["sh", "-c", 'exec "$@" > /dev/null', "sh", *map(str, command)], folder / "log")
    return Used(measured.cpu_s, measured.wall_s, measured.peak_mib)


def measure(snowline: Path, count: int, rounds: int) -> tuple[dict[str, str], dict[str, list[Used]]]:
    """The versions of all agents, and what each used in each round."""
    lines = data.generate(snowline, count).path
    agents = installed(snowline)
    used: dict[str, list[Used]] = {NO_NETWORK: [], **{agent.name: [] for agent in agents}}
    for number in range(rounds + 1):
        measured = {NO_NETWORK: without_network(snowline, lines, emptied(WORK / "run"))}
        for agent in agents:
            measured[agent.name] = follow(agent, lines, count, emptied(WORK / "run"))
        for name, one in measured.items() if number else ():
            used[name].append(one)
    return {agent.name: agent.version for agent in agents}, used


def printed(count: int, versions: dict[str, str], used: dict[str, list[Used]]) -> str:
    """The table, medians of the rounds; ratios are taken round by round."""
    rows = []
    for name, runs in used.items():
        cpu = median(one.cpu_s for one in runs)
        ratio = median(one.cpu_s / ours.cpu_s for one, ours in zip(runs, used[OURS], strict=True))
        wall, peak = median(one.wall_s for one in runs), max(one.peak_mib for one in runs)
        rows.append((
            name, versions.get(name, versions[OURS]), f"{cpu:.2f}", f"{count / cpu:,.0f}", f"{ratio:.2f}",
            f"{wall:.2f}", f"{peak:.0f}",
        ))
    head = f"{count:,} orders, followed in a file and sent to an HTTP sink; {len(used[OURS])} rounds"
    others = "" if "syslog-ng" in used else "\nsyslog-ng is not installed: nothing to compare with"
    return "\n".join([head + others, "", *table([HEAD, *rows], left=2)])


def main() -> int:
    """Runs what the arguments say."""
    arguments = arguments_of("bench.agents")
    try:
        versions, used = measure(arguments.snowline, arguments.count, arguments.rounds)
    except AgentFailed as failure:
        sys.stderr.write(f"bench.agents: {failure}\n")
        return 1
    document = {
        "machine": machine.describe(), "commit": machine.commit(), "lines": arguments.count,
        "versions": versions,
        "runs": {name: [asdict(one) for one in runs] for name, runs in used.items()},
    }
    (BENCH / "agents.json").write_text(json.dumps(document, indent=2) + "\n")
    print(printed(arguments.count, versions, used))
    return 0


if __name__ == "__main__":
    sys.exit(main())
