"""`snowline tail` when something is wrong: throttling, a full disk, files that vanish, lines too long."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.tests.tail_agent import STREAM, Agent, Receiver, first_of_each, wait_until

THROTTLED_S = float(os.environ.get("TAIL_THROTTLED_S", "8"))
"""How long the agent is watched under throttling."""

FIRST_S = 3.0
"""So long after its start the agent's memory may grow."""

GROWTH_KIB = 4 * 1024
MAX_RECORD_BYTES = 1000 * 1024
FAST = ("--poll", "50ms", "--max-delay", "50ms", "--status-interval", "200ms")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def agent_of(receiver: Receiver, logs: Path, *options: str) -> Agent:
    state = logs.parent / "state"
    return Agent([logs / "*.log"], state, STREAM.name, receiver.environment, *FAST, *options)


def numbered(name: str, count: int, since: int = 0, padding: int = 100) -> list[bytes]:
    """JSON lines, each of which is there once."""
    pattern = b'{"file":"%s","n":%%d,"pad":"%s"}\n' % (name.encode(), b"x" * padding)
    return [pattern % n for n in range(since, since + count)]


def append(path: Path, lines: list[bytes]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(lines))


def of_file(lines: list[bytes], name: str) -> list[bytes]:
    return [line for line in lines if line.startswith(b'{"file":"%s",' % name.encode())]


def test_throttling_loses_nothing_keeps_the_order_and_takes_no_memory(receiver: Receiver, logs: Path) -> None:
    names = ("a", "b", "c")
    written: dict[str, list[bytes]] = {name: [] for name in names}
    receiver.firehose.fault_rate = 0.3
    resident: list[tuple[float, int]] = []
    with agent_of(receiver, logs) as agent:
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < THROTTLED_S:
            for name in names:
                lines = numbered(name, 500, len(written[name]))
                append(logs / f"{name}.log", lines)
                written[name] += lines
            if int(now) % 3 == 0:
                receiver.firehose.refuse_next(2)
            resident.append((now, agent.resident_kib()))
            time.sleep(0.1)
        settled = [kib for at, kib in resident if at > FIRST_S]
        assert settled and max(settled) - settled[0] < GROWTH_KIB, resident
        receiver.firehose.fault_rate = 0.0
        sent = sum(map(len, written.values()))
        wait_until(lambda: len(set(receiver.lines)) == sent, "all lines", 120)
        agent.stop()
    came = receiver.lines
    for name in names:
        assert first_of_each(of_file(came, name)) == written[name], name
    print(f"resident KiB from {settled[0]} to {max(settled)}; {len(came)} lines came of {sent}")


def test_a_stream_that_takes_nothing_for_a_while_gets_all_of_it_then(receiver: Receiver, logs: Path) -> None:
    lines = numbered("a", 20_000)
    receiver.firehose.refuse_next(1_000_000)
    with agent_of(receiver, logs) as agent:
        append(logs / "a.log", lines)
        wait_until(lambda: any(" throttles" in said and " 0 throttles" not in said for said in agent.said), "throttles")
        assert receiver.lines == []
        receiver.firehose.refuse_next(0)
        wait_until(lambda: len(receiver.lines) >= len(lines), "all lines", 60)
        agent.stop()
    assert receiver.lines == lines


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 64 KiB; skips the test where none may be mounted."""
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"no file system may be mounted here: {mount.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stalls_the_agent_and_loses_nothing(receiver: Receiver, logs: Path) -> None:
    with small_disk(logs.parent / "state"):
        agent = agent_of(receiver, logs)
        with agent:
            stalls_without_loss(agent, receiver, logs, fill=lambda: fill(agent.state), free=lambda: free(agent.state))


def test_a_file_size_limit_stalls_the_agent_and_loses_nothing(receiver: Receiver, logs: Path) -> None:
    agent = agent_of(receiver, logs)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def limit(size: int) -> None:
        resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    with agent:
        stalls_without_loss(agent, receiver, logs, fill=lambda: limit(16), free=lambda: limit(hard))


def stalls_without_loss(agent: Agent, receiver: Receiver, logs: Path, fill, free) -> None:  # noqa: ANN001
    """Lets the checkpoint have no room for a while, in which the agent is also killed."""
    lines = numbered("a", 1_000)
    append(logs / "a.log", lines)
    wait_until(lambda: len(receiver.lines) == len(lines), "the first lines")
    size = (logs / "a.log").stat().st_size
    wait_until(lambda: [file["offset"] for file in agent.checkpoint()] == [size], "the checkpoint of it")
    fill()
    taken = agent.checkpoint()
    more = [numbered("a", 5_000, since) for since in range(1_000, 101_000, 5_000)]
    for batch in more:
        append(logs / "a.log", batch)
        lines += batch
    wait_until(lambda: any("checkpoint: cannot be saved" in said for said in agent.said), "a word about the checkpoint")
    time.sleep(1)
    came = receiver.lines
    assert len(came) < len(lines), "it goes on only as far as it may have to repeat"
    assert agent.checkpoint() == taken
    free()
    wait_until(lambda: len(set(receiver.lines)) == len(lines), "all lines", 60)
    assert any("checkpoint: well again" in said for said in agent.said)
    agent.stop()
    assert receiver.lines == lines


def fill(folder: Path) -> None:
    """Leaves not one byte free."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def free(folder: Path) -> None:
    (folder / "filler").unlink()


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(receiver: Receiver, logs: Path) -> None:
    gone, stays = numbered("gone", 50_000), numbered("stays", 1_000)
    append(logs / "gone.log", gone)
    receiver.firehose.refuse_next(3)
    with agent_of(receiver, logs, "--rotate-wait", "500ms") as agent:
        wait_until(lambda: bool(agent.checkpoint()) or bool(agent.said), "a sign of life")
        wait_until(lambda: bool(receiver.lines), "the first lines")
        (logs / "gone.log").unlink()
        append(logs / "stays.log", stays)
        wait_until(lambda: len(receiver.lines) == len(gone) + len(stays), "all lines", 60)
        # Its name is free for another file.
        append(logs / "gone.log", again := numbered("again", 10))
        wait_until(lambda: len(receiver.lines) == len(gone) + len(stays) + len(again), "the new file", 60)
        agent.stop()
    for name, lines in (("gone", gone), ("stays", stays), ("again", again)):
        assert of_file(receiver.lines, name) == lines, name


def test_a_line_beyond_the_limit_is_put_aside_and_its_neighbours_go_on(receiver: Receiver, logs: Path) -> None:
    before, after = numbered("a", 10), numbered("a", 10, 10)
    just = b"j" * (MAX_RECORD_BYTES - 1) + b"\n"
    long = b"l" * MAX_RECORD_BYTES + b"\n"
    longest = b"m" * 5_000_000 + b"\n"
    append(logs / "a.log", [*before, just, long, longest, *after])
    with agent_of(receiver, logs) as agent:
        expected = [*before, just, *after]
        wait_until(lambda: len(receiver.lines) == len(expected), "the other lines", 60)
        agent.stop()
        assert receiver.lines == expected
        kept = {path.read_bytes() for path in (agent.state / "oversized").iterdir()}
        assert kept == {long, longest}
        words = [said for said in agent.said if "too long for a record" in said]
        assert len(words) == 2 and all(str(logs / "a.log") in said for said in words), words
        assert f"a line of {len(long)} bytes" in words[0] and "oversized" in words[0]
        assert agent.once().startswith("1 files, 0 bytes behind"), "it is not read again"
    assert receiver.lines == expected


def test_a_clock_that_jumps_changes_nothing(receiver: Receiver, logs: Path) -> None:
    """The wall clock of the process runs a hundred times too fast, backwards and by jumps."""
    library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime*.so.1"))), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    clock = logs.parent / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    agent = Agent([logs / "*.log"], logs.parent / "state", STREAM.name, receiver.environment | faked, *FAST)
    lines: list[bytes] = []
    with agent:
        for jump in ("+0", "+3d", "-30d", "+400d", "+0 x100", "-1d"):
            # A signature is good for minutes around the time of the service; the stand-in does not look.
            clock.write_text(jump)
            batch = numbered("a", 500, len(lines))
            append(logs / "a.log", batch)
            lines.extend(batch)
            wait_until(lambda last=batch[-1]: receiver.lines[-1:] == [last], f"the lines at {jump}")
        agent.stop()
    assert receiver.lines == lines


def test_without_inotify_files_are_polled(receiver: Receiver, logs: Path) -> None:
    """The process may have no inotify instance: the kernel's limit for its user is used up."""
    with no_inotify():
        with agent_of(receiver, logs) as agent:
            append(logs / "a.log", first := numbered("a", 100))
            wait_until(lambda: len(receiver.lines) == len(first), "the lines of a new file")
            shutil.move(logs / "a.log", logs / "a.log.1")
            append(logs / "a.log", second := numbered("a", 100, 100))
            append(logs / "a.log.1", third := numbered("old", 5))
            wait_until(lambda: len(receiver.lines) == 205, "the lines of both files")
            agent.stop()
            assert any("changes are found by polling" in said for said in agent.said), agent.said
    came = receiver.lines
    assert of_file(came, "a") == first + second and of_file(came, "old") == third


@contextmanager
def no_inotify() -> Iterator[None]:
    """Takes all inotify instances that the user may have."""
    init = ctypes.CDLL(None, use_errno=True).inotify_init1
    taken: list[int] = []
    most = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    needed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed[1], most + 4_096), needed[1]))
    try:
        while (one := init(os.O_CLOEXEC)) >= 0:
            taken.append(one)
        yield
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, needed)


def test_appending_while_it_starts_and_stops_repeats_nothing(receiver: Receiver, logs: Path) -> None:
    """A stop in peace leaves nothing to be sent again."""
    lines: list[bytes] = []
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.005):
            batch = numbered("a", 20, len(lines))
            append(logs / "a.log", batch)
            lines.extend(batch)

    writer = threading.Thread(target=write)
    writer.start()
    agent = agent_of(receiver, logs)
    for pause in (0.0, 0.1, 0.3, 0.6):
        came = len(receiver.lines)
        agent.start()
        wait_until(lambda came=came: len(receiver.lines) > came, "lines")
        time.sleep(pause)
        agent.stop()
    over.set()
    writer.join()
    agent.once()
    assert receiver.lines == lines
