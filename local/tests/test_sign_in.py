"""The ways to sign in to Snowflake, from deployment to trusted rows.

`deployed` holds every log against the secrets; here they are at their most talkative.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from local.tests.pipeline import Pipeline, deployed, new_key, private_pem, public_pem, snowline

ROWS = 200


def orders(seed: int) -> bytes:
    return snowline("generate", "--count", str(ROWS), "--seed", str(seed), "--bad", "0", "--duplicates", "0")


def flow(pipeline: Pipeline, seed: int) -> None:
    """Takes an object of new orders all the way."""
    staged = len(pipeline.rows("staging.orders"))
    pipeline.land(f"object-{seed}", orders(seed))
    pipeline.settle()
    assert len(pipeline.rows("staging.orders")) == staged + ROWS
    assert pipeline.publish("audit")["findings"] == []
    assert pipeline.publish("merge")["inserted"] > 0


def logs(pipeline: Pipeline) -> bytes:
    return b"".join(log.read_bytes() for log in pipeline.stack.logs.rglob("*.log"))


@pytest.mark.parametrize("authentication", ["key-pair", "access-token", "workload-identity"])
def test_every_way_to_sign_in_and_no_secret_in_the_log(tmp_path: Path, authentication: str) -> None:
    with deployed(tmp_path, authentication, {"LogLevel": "trace"}) as pipeline:
        flow(pipeline, 1)
        # Refusals are logged too, and the error ends the invocation.
        pipeline.snowflake.run_script("use role useradmin; alter user snowline set disabled = true")
        for function in ("load", "publish"):
            pipeline.snowflake.run_script(f"alter user snowline_{function}_function set disabled = true")
        pipeline.land("refused", orders(2))
        pipeline.settle()
        logged = logs(pipeline)
        assert b"refuses the token" in logged and b'"level":"TRACE"' in logged


def test_a_key_is_rotated_without_an_outage(tmp_path: Path) -> None:
    with deployed(tmp_path) as pipeline:
        flow(pipeline, 1)
        second = new_key()
        body = "".join(public_pem(second).splitlines()[1:-1])
        pipeline.snowflake.run_script(f"use role useradmin; alter user snowline set rsa_public_key_2 = '{body}'")
        pipeline.stack.put_secret("SnowflakeKeySecret", private_pem(second))
        flow(pipeline, 2)
        third = "".join(public_pem(new_key()).splitlines()[1:-1])
        pipeline.snowflake.run_script(f"use role useradmin; alter user snowline set rsa_public_key = '{third}'")
        flow(pipeline, 3)
        errors = pipeline.errors("LoadFunction") + pipeline.errors("PublishFunction")
        assert errors == [] and all(report.error is None for report in pipeline.stack.reports)


def test_a_clock_that_is_off_is_corrected(tmp_path: Path) -> None:
    with deployed(tmp_path) as pipeline:
        pipeline.snowflake.shift_clock(500)
        flow(pipeline, 1)
        assert all(report.error is None for report in pipeline.stack.reports)
