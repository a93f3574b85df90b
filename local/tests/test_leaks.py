"""A run that logs a secret fails, whatever else it shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local import jwt
from local.tests.pipeline import Pipeline, deployed, new_key

STORED = "SnowflakeKeySecret"


def a_line_of_the_key(pipeline: Pipeline) -> str:
    return stored(pipeline).splitlines()[7]


def a_line_of_a_key_that_was_rotated_out(pipeline: Pipeline) -> str:
    line = stored(pipeline).splitlines()[7]
    for _ in range(3):
        pipeline.stack.put_secret(STORED, "the next one, which is another")
    return line


def the_salt(pipeline: Pipeline) -> str:
    return pipeline.salt.decode()


def a_token(_: Pipeline) -> str:
    return jwt.sign({"sub": "LOCAL.SNOWLINE"}, new_key())


def stored(pipeline: Pipeline) -> str:
    secrets = pipeline.stack.client("secretsmanager")
    return secrets.get_secret_value(SecretId=pipeline.stack.resources[STORED].physical_id)["SecretString"]


@pytest.mark.parametrize(
    "leak", [a_line_of_the_key, a_line_of_a_key_that_was_rotated_out, the_salt, a_token],
    ids=lambda leak: leak.__name__,
)
def test_a_secret_in_a_log_fails_the_run(tmp_path: Path, leak: Callable[[Pipeline], str]) -> None:
    told = ""
    with pytest.raises(AssertionError, match="secrets in logs: .* in some.log$") as failure, deployed(tmp_path) as run:
        told = leak(run)
        run.stack.logs.mkdir(exist_ok=True)
        (run.stack.logs / "some.log").write_text(f'{{"level":"TRACE","message":"signed in with {told}"}}\n')
    assert told and told not in str(failure.value)
