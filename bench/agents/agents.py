"""The agents, each told to follow one file from its beginning and to send every line."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.agents.errors import AgentFailed

Command = Callable[[Path, int, Path], tuple[list[str], dict[str, str]]]
"""Makes the command and what it needs in its environment, of the file, the sink's port and an empty folder."""

OURS = "snowline"


@dataclass(frozen=True)
class Agent:
    """One agent: its name with how it sends, its version, and how to start it."""

    name: str
    version: str
    command: Command


def installed(snowline: Path) -> list[Agent]:
    """Those of this machine; ours first."""
    version = _version([str(snowline), "--version"])
    agents = [
        Agent(OURS if compress == "none" else f"{OURS}, {compress}", version, _snowline(snowline, compress))
        for compress in ("none", "gzip", "zstd")
    ]
    if syslog_ng := shutil.which("syslog-ng"):
        agents.append(Agent("syslog-ng", _version([syslog_ng, "--version"]), _syslog_ng(syslog_ng)))
    return agents


def _snowline(binary: Path, compress: str) -> Command:
    def command(lines: Path, port: int, folder: Path) -> tuple[list[str], dict[str, str]]:
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
        }
        return [
            str(binary), "tail", str(lines), "--to", "firehose:bench", "--state", str(folder / "state"),
            "--compress", compress,
        ], environment

    return command


SYSLOG_NG = """
@version: 3.35
options {{ stats-freq(0); log-fifo-size(200000); use-dns(no); keep-hostname(yes); }};
source lines {{
    file("{lines}" flags(no-parse) read-old-records(yes) follow-freq(0.1) log-fetch-limit(10000) log-iw-size(100000));
}};
destination sink {{
    http(url("http://127.0.0.1:{port}/") method("POST") body("$MSG\\n") delimiter("")
         batch-lines(10000) batch-bytes(1024000) batch-timeout(1000) workers(1) persist-name("bench"));
}};
log {{ source(lines); destination(sink); flags(flow-control); }};
"""
"""Batches of the same size as a record of Firehose, and flow control, without which it drops lines when the sink is
slower than the file. Its disk buffer is left out, since the file itself is one."""


def _syslog_ng(binary: str) -> Command:
    def command(lines: Path, port: int, folder: Path) -> tuple[list[str], dict[str, str]]:
        config = folder / "syslog-ng.conf"
        config.write_text(SYSLOG_NG.format(lines=lines, port=port))
        return [
            binary, "--foreground", "--no-caps", "--cfgfile", str(config),
            "--persist-file", str(folder / "persist"), "--pidfile", str(folder / "pid"),
            "--control", str(folder / "control"),
        ], {}

    return command


def _version(command: list[str]) -> str:
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if found := re.search(r"\d+\.\d+[.\d]*", printed):
        return found[0]
    raise AgentFailed(f"{command[0]} tells no version: {printed}")
