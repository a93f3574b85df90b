"""What the workflows on GitHub call is there, and the roles they become reach as far as the template."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

from local.stack import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ROLES = yaml_parse((ROOT / ".github/deploy-role.yaml").read_text())["Resources"]
PREFIXES = {"kinesisfirehose": "firehose", "mwaa": "airflow", "serverless": "lambda"}
"""The name of a service in IAM, where it is not that of its resource types."""


def workflow(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text())


def variables() -> set[str]:
    """The variables of a GitHub environment that a deployment reads."""
    return set(re.findall(r"\bvars\.(\w+)", (ROOT / ".github/workflows/deploy-one.yml").read_text()))


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job.get("steps", [])]


def statements(role: str) -> list[dict[str, Any]]:
    policies = [policy["PolicyDocument"]["Statement"] for policy in ROLES[role]["Properties"]["Policies"]]
    found = []
    for statement in sum(policies, []):
        found.append(statement["Fn::If"][1] if "Fn::If" in statement else statement)
    return found


def actions(role: str) -> set[str]:
    listed = [statement["Action"] for statement in statements(role)]
    return {action for one in listed for action in ([one] if isinstance(one, str) else one)}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_runs_is_there(path: Any) -> None:
    for step in steps(workflow(path.name)):
        for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", "")):
            done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
        for script in re.findall(r"^\.ci/\w+", step.get("run", ""), re.MULTILINE):
            assert (ROOT / script).stat().st_mode & 0o111, script


def test_every_environment_that_can_be_chosen_is_one_of_sam() -> None:
    document = workflow("deploy.yml")
    chosen = document[True]["workflow_dispatch"]["inputs"]["environment"]["options"]
    named = {job["with"]["environment"] for job in document["jobs"].values() if "with" in job}
    environments = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for name in {*chosen, *named} - {"${{ inputs.environment }}"}:
        assert environments[name]["global"]["parameters"]["stack_name"], name


def test_every_variable_of_an_environment_is_documented() -> None:
    page = (ROOT / "docs/deployment.md").read_text()
    assert len(variables()) > 5
    assert [name for name in variables() if f"`{name}`" not in page] == []


def test_prod_is_deployed_after_staging_and_both_after_the_tests() -> None:
    jobs = workflow("deploy.yml")["jobs"]
    assert jobs["prod"]["needs"] == "staging" and jobs["staging"]["needs"] == jobs["dev"]["needs"] == "test"
    assert jobs["test"]["uses"] == "./.github/workflows/ci.yml"
    assert workflow("deploy-one.yml")["concurrency"]["cancel-in-progress"] is False


def test_a_workflow_becomes_the_role_of_its_environment_only() -> None:
    documented = json.loads(re.findall(r"```json\n(.*?)```", (ROOT / "docs/deployment.md").read_text(), re.DOTALL)[0])
    trust = ROLES["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Action"] for one in trust] == ["sts:AssumeRoleWithWebIdentity"]
    assert trust[0]["Condition"] == {"StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
    }}
    subject = trust[0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]["Fn::Sub"]
    subject = subject.replace("${Repository}", "ORG/REPO").replace("${Environment}", "prod")
    assert documented["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == subject
    job = workflow("deploy-one.yml")["jobs"]["deploy"]
    assert job["environment"] == "${{ inputs.environment }}"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}


def test_a_workflow_changes_nothing_but_through_cloudformation() -> None:
    assert not any("*" in action for action in actions("DeployRole"))
    assert not any(statement["Resource"] == "*" for statement in statements("DeployRole"))
    changing = {action for action in actions("DeployRole") if not re.search(r":(Describe|Get|List)", action)}
    assert changing == {
        "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet", "iam:PassRole", "kms:Decrypt",
        "s3:AbortMultipartUpload", "s3:PutObject", "firehose:PutRecordBatch", "lambda:InvokeFunction",
    }


def test_cloudformation_may_use_the_services_of_the_template() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    services = {resource["Type"].split("::")[1].lower() for resource in template["Resources"].values()}
    needed = {f"{PREFIXES.get(service, service)}:*" for service in services}
    assert needed - actions("ExecutionRole") == set()
    anywhere = [one for one in statements("ExecutionRole") if one["Resource"] == "*"]
    assert not any(action.startswith(("iam:", "sts:")) for one in anywhere for action in one["Action"])
