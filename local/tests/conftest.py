"""Fixtures of more than one test file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack, Timing
from local.tests.orders_at_rest import pipeline  # noqa: F401  (a fixture)
from local.tests.snowflake_account import account, keys, lake  # noqa: F401  (fixtures)

SCRIPT = Path(__file__).parent / "scripted_function.py"
FAST = Timing(retry_delays_s=(0.05, 0.05), firehose_interval_s=0.2, batch_window_s=0.2, redelivery_s=0)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """The stack of template.yaml with the scripted function in place of every binary."""
    command = (sys.executable, str(SCRIPT))
    commands = {binary: command for binary in ("transform", "load", "publish")}
    with Stack(timing=FAST, commands=commands, run_directory=tmp_path) as stack:
        stack.deploy({"SnowflakeAccount": "LOCAL", "SnowflakeUrl": "http://127.0.0.1:1"})
        yield stack
