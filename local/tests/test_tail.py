"""A short soak of `snowline tail`: killed at random while files are written and rotated in every way."""

from __future__ import annotations

from pathlib import Path

from local.soak.tail import ROTATIONS, soak_tail
from local.tests.pipeline import deployed

KILLS = 25


def test_every_line_is_in_analytics_once_however_often_the_agent_is_killed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with deployed(run) as pipeline:
        outcome = soak_tail(pipeline, tmp_path, KILLS, seed=1)
    print(outcome)
    assert outcome.differences == []
    assert outcome.rotations.keys() == ROTATIONS.keys() and all(outcome.rotations.values())
