"""The roles of template.yaml allow what the pipeline does, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.stack import ROOT, Stack
from local.tests.every_call import DATASET, failed_delivery, large_objects, normal_flow
from local.tests.orders_at_rest import orders
from local.tests.pipeline import TIMING, Pipeline, Row, deployed

ONE_REQUEST = "the stand-in delivers each object in one request; Firehose's guide asks for it"
BY_THE_GUIDE = "Firehose's guide asks for it; when the service calls it is not documented"
UNUSED = {
    ("LandingStreamRole", "s3:AbortMultipartUpload", "/landing/*"): ONE_REQUEST,
    ("LandingStreamRole", "s3:AbortMultipartUpload", "/errors/*"): ONE_REQUEST,
    ("LandingStreamRole", "kms:Decrypt", "the key"): ONE_REQUEST,
    ("LandingStreamRole", "s3:PutObject", "/errors/*"):
        "a stream that converts nothing has nothing to write there; a prefix with expressions demands one for errors",
    ("LandingStreamRole", "s3:GetBucketLocation", ""): BY_THE_GUIDE,
    ("LandingStreamRole", "s3:ListBucket", ""): BY_THE_GUIDE,
    ("LandingStreamRole", "s3:ListBucketMultipartUploads", ""): BY_THE_GUIDE,
    ("SnowflakeReadRole", "s3:GetObjectVersion", "/processed/*"): "Snowflake's guide asks for it",
    ("SnowflakeReadRole", "s3:GetObjectVersion", "/ledger/*"): "Snowflake's guide asks for it",
    ("SnowflakeReadRole", "s3:GetBucketLocation", ""): "Snowflake's guide asks for it",
    ("SnowflakeReadRole", "s3:ListBucket", ""): "Snowflake's guide asks for it; load names the files that it copies",
}
"""What the scenario does not use, by role, action and resource, and why the role has it."""

Pair = tuple[str, str, int]


@dataclass
class Outcome:
    """What the roles have, what was used of it in every way to sign in, and what came of the large objects.

    A resource counts by its position in the statement, since names of secrets and queues differ in
    each deployment.
    """

    granted: dict[Pair, str]
    used: set[Pair]
    parked: list[Row]
    etags: dict[str, str]
    bucket: str = ""

    def add(self, pipeline: Pipeline) -> None:
        """Adds what the roles of a deployment have and have used."""
        iam = pipeline.stack.iam
        used = {(grant.origin, grant.action, grant.resource) for grant in iam.used}
        for statement in [one for role in iam.roles.values() for one in role.statements if one.effect == "Allow"]:
            for action in statement.actions:
                for position, resource in enumerate(statement.resources):
                    pair = (statement.origin, action, position)
                    self.granted[pair] = resource
                    if (statement.origin, action, resource) in used:
                        self.used.add(pair)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    found = Outcome({}, set(), [], {})
    # The network has statements of its own, whatever the way to sign in.
    for authentication, vpc in (("workload-identity", "create"), ("access-token", "none"), ("key-pair", "none")):
        folder = tmp_path_factory.mktemp(authentication)
        with deployed(folder, authentication, {"Vpc": vpc}, dataset=DATASET) as pipeline:
            normal_flow(pipeline)
            if authentication == "key-pair":
                large_objects(pipeline)
                failed_delivery(pipeline)
                found.parked = pipeline.stack.messages(pipeline.stack.outputs["TransformFailuresUrl"])
                found.etags, found.bucket = pipeline.etags(), pipeline.bucket
            assert pipeline.stack.iam.refused == []
            found.add(pipeline)
    return found


def test_the_scenario_does_what_it_says(outcome: Outcome) -> None:
    keys = [one["requestPayload"]["Records"][0]["s3"]["object"]["key"] for one in outcome.parked]
    assert [key.rpartition("/")[2] for key in keys] == ["cut.gz"]
    in_parts = {key.partition("/")[0] for key, etag in outcome.etags.items() if "-" in etag}
    assert in_parts == {"processing", "processed", "quarantine"}


def test_every_permission_of_every_role_is_used(outcome: Outcome) -> None:
    unused = {
        (pair[0].partition("/")[0], pair[1], short(resource, outcome.bucket))
        for pair, resource in outcome.granted.items() if pair not in outcome.used
    }
    assert unused == UNUSED.keys()


def short(resource: str, bucket: str) -> str:
    """A resource as `UNUSED` names it: without the bucket, and the one key as such."""
    return "the key" if ":kms:" in resource else resource.removeprefix(f"arn:aws:s3:::{bucket}")


def test_no_action_is_a_wildcard(outcome: Outcome) -> None:
    assert [action for _, action, _ in outcome.granted if "*" in action or "?" in action] == []


def test_without_its_permission_a_function_fails(tmp_path: Path) -> None:
    """What the template does not allow is refused, though everything else is as before."""
    template = tmp_path / "template.json"
    template.write_text(json.dumps(without_statement("TransformRole", "s3:PutObject")))
    with deployed(tmp_path, stack=Stack(template, timing=TIMING, run_directory=tmp_path)) as pipeline:
        key = pipeline.land("orders", orders(1))
        pipeline.settle()
        (parked,) = pipeline.stack.messages(pipeline.stack.outputs["TransformFailuresUrl"])
        assert unquote_plus(parked["requestPayload"]["Records"][0]["s3"]["object"]["key"]) == key
        refusal = parked["responsePayload"]["errorMessage"]
        assert "AccessDenied" in refusal and "is not authorized to perform: s3:PutObject" in refusal
        assert pipeline.etags().keys() == {key}, "nothing was written"


def without_statement(logical_id: str, action: str) -> dict[str, Any]:
    """template.yaml without the statements of a role that name an action."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    removed = 0
    for policy in template["Resources"][logical_id]["Properties"]["Policies"]:
        document = policy["PolicyDocument"]
        left = [one for one in document["Statement"] if action not in one.get("Action", [])]
        removed += len(document["Statement"]) - len(left)
        document["Statement"] = left
    assert removed, f"{logical_id} names no {action}"
    return template
