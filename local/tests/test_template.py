"""What the template makes is closed by default, with as little as possible and with everything it offers.

Buckets, queues and secrets are asked through their API what they are; the rest is read from the
properties, resolved.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws.cloudformation import Resource
from local.aws.coverage import NOT_HELD
from local.aws.rules import check_rules
from local.aws.translation import DeploymentError, translate
from local.stack import ROOT, Stack
from local.tests.conftest import SCRIPT

REQUIRED = {"SnowflakeAccount": "LOCAL", "SnowflakeUrl": "http://127.0.0.1:1"}
PRIVATE_LINK = {"SnowflakePrivateLinkService": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"}
VARIANTS = {
    "default": {},
    "everything": {
        "Vpc": "create", "Airflow": "create", "CloudTrail": "create", "TransformReservedConcurrency": "5",
        "LoadMaximumConcurrency": "7", "AlarmEmail": "on-call@example.com", "SlackWorkspaceId": "T0123456",
        "SlackChannelId": "C0123456",
    },
    "private link": {"Vpc": "create", "SnowflakeAuthentication": "workload-identity"} | PRIVATE_LINK,
}

ZONES = {"landing": 7, "processing": 30, "quarantine": 30, "errors": 30, "processed": 90, "ledger": 90, "erased": 1}
"""The days that each zone is kept."""

KEY_PROPERTIES = {
    "AWS::CloudTrail::Trail": "KMSKeyId",
    "AWS::Lambda::Function": "KmsKeyArn",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::MWAA::Environment": "KmsKey",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
}

ANY_RESOURCE = {
    "ec2:CreateNetworkInterface": "made before there is one, by Lambda alone",
    "ec2:DescribeNetworkInterfaces": "has no resource",
    "ec2:DescribeSubnets": "has no resource",
    "ec2:DeleteNetworkInterface": "its name is not known before",
    "ec2:AssignPrivateIpAddresses": "as above",
    "ec2:UnassignPrivateIpAddresses": "as above",
    "sts:GetWebIdentityToken": "has no resource; the audience is fixed",
    "logs:DescribeLogGroups": "has no resource",
    "s3:GetAccountPublicAccessBlock": "has no resource",
    "xray:PutTraceSegments": "has no resource",
    "xray:PutTelemetryRecords": "has no resource",
    "cloudwatch:PutMetricData": "has no resource",
    "cloudwatch:DescribeAlarms": "of any stack whose alarms go to the same channel",
    "cloudwatch:GetMetricData": "has no resource",
    "cloudwatch:GetMetricStatistics": "has no resource",
}
"""Actions that a role may do on any resource, and why."""

WIDE_ACTIONS = {
    "AirflowRole": {"s3:GetObject*", "s3:GetBucket*", "s3:List*", "kms:GenerateDataKey*"},
}
"""Actions with an asterisk, by role: what MWAA asks for, on its own bucket and by way of it."""


@pytest.fixture(scope="module", params=VARIANTS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    commands = {binary: (sys.executable, str(SCRIPT)) for binary in ("transform", "load", "publish")}
    with Stack(commands=commands, run_directory=tmp_path_factory.mktemp("stack")) as stack:
        stack.deploy(REQUIRED | VARIANTS[request.param])
        yield stack


def of_type(stack: Stack, type_name: str) -> list[Resource]:
    return [one for one in stack.resources.values() if one.type == type_name]


def buckets(stack: Stack) -> dict[str, str]:
    """The name of each bucket by its logical id."""
    return {one.logical_id: one.physical_id for one in of_type(stack, "AWS::S3::Bucket")}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(role: Resource) -> Iterator[dict[str, Any]]:
    """What a role's policies allow."""
    for policy in role.properties.get("Policies", []):
        yield from (one for one in policy["PolicyDocument"]["Statement"] if one and one["Effect"] == "Allow")


def is_the_key(stack: Stack, value: str) -> bool:
    return value in (stack.outputs["DataKeyArn"], stack.resources["DataKey"].physical_id)


def test_the_key_rotates_and_outlives_the_stack(stack: Stack) -> None:
    kms = stack.client("kms")
    assert kms.get_key_rotation_status(KeyId=stack.outputs["DataKeyArn"])["KeyRotationEnabled"]
    aliases = {one["AliasName"]: one.get("TargetKeyId") for one in kms.list_aliases()["Aliases"]}
    assert aliases["alias/snowline"] == stack.resources["DataKey"].physical_id
    template = translate(ROOT / "template.yaml", {})["Resources"]
    kept = {name for name, one in template.items() if one.get("DeletionPolicy") == "Retain"}
    assert {"DataKey", "LakeBucket", "LogBucket", "HashSaltSecret", "AirflowBucket"} == kept


def test_the_key_serves_a_service_only_for_this_stack(stack: Stack) -> None:
    administration, *services = stack.resources["DataKey"].properties["KeyPolicy"]["Statement"]
    assert administration["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    for statement in services:
        assert statement["Principal"].keys() == {"Service"} and "kms:*" not in statement["Action"], statement
        conditions = {key for test in statement["Condition"].values() for key in test}
        assert conditions & {"aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn"}, statement


def test_everything_at_rest_is_under_the_key(stack: Stack) -> None:
    for resource in stack.resources.values():
        if (name := KEY_PROPERTIES.get(resource.type)) is not None:
            assert is_the_key(stack, resource.properties.get(name, "")), resource.logical_id
    for stream in of_type(stack, "AWS::KinesisFirehose::DeliveryStream"):
        encryption = stream.properties["DeliveryStreamEncryptionConfigurationInput"]
        assert encryption == {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": stack.outputs["DataKeyArn"]}
    queues = stack.client("sqs")
    for queue in of_type(stack, "AWS::SQS::Queue"):
        attributes = queues.get_queue_attributes(QueueUrl=queue.physical_id, AttributeNames=["All"])["Attributes"]
        assert is_the_key(stack, attributes["KmsMasterKeyId"]), queue.logical_id
    secrets = stack.client("secretsmanager")
    for secret in of_type(stack, "AWS::SecretsManager::Secret"):
        assert is_the_key(stack, secrets.describe_secret(SecretId=secret.physical_id)["KmsKeyId"]), secret.logical_id


def test_every_bucket_is_encrypted_by_default(stack: Stack) -> None:
    s3 = stack.client("s3")
    for logical_id, name in buckets(stack).items():
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        if logical_id == "LogBucket":
            assert default == {"SSEAlgorithm": "AES256"}, "S3 delivers access logs to no other"
        else:
            assert rule["BucketKeyEnabled"], logical_id
            assert default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": stack.outputs["DataKeyArn"]}


def test_an_etag_tells_the_bytes_only_without_the_key(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["LakeBucketName"]
    body, part = b"the same", b"x" * 5 * 1024**2

    def upload(**options: str) -> str:
        target = {"Bucket": bucket, "Key": "other/parts"}
        started = target | {"UploadId": s3.create_multipart_upload(**target, **options)["UploadId"]}
        parts = [
            {"PartNumber": at, "ETag": s3.upload_part(**started, PartNumber=at, Body=part)["ETag"]} for at in (1, 2)
        ]
        done = s3.complete_multipart_upload(**started, MultipartUpload={"Parts": parts})["ETag"]
        assert s3.head_object(**target)["ETag"] == done
        return done

    def put(**options: str) -> str:
        return s3.put_object(Bucket=bucket, Key="other/x", Body=body, **options)["ETag"]

    plain = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    assert put(ServerSideEncryption="AES256") == put(ServerSideEncryption="AES256") == plain
    assert upload(ServerSideEncryption="AES256") == upload(ServerSideEncryption="AES256")
    assert len({plain, put(), put(), put(ServerSideEncryption="aws:kms")}) == 4
    one, other = upload(), upload()
    assert one != other and one.endswith('-2"')
    assert s3.get_object(Bucket=bucket, Key="other/x")["SSEKMSKeyId"] == stack.outputs["DataKeyArn"]


def test_no_bucket_is_public(stack: Stack) -> None:
    s3 = stack.client("s3")
    for name in buckets(stack).values():
        assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert rule["ObjectOwnership"] == "BucketOwnerEnforced"


def test_only_tls_is_let_in(stack: Stack) -> None:
    s3, sqs = stack.client("s3"), stack.client("sqs")
    policies = {f"arn:aws:s3:::{name}": s3.get_bucket_policy(Bucket=name)["Policy"] for name in buckets(stack).values()}
    for queue in of_type(stack, "AWS::SQS::Queue"):
        attributes = sqs.get_queue_attributes(QueueUrl=queue.physical_id, AttributeNames=["Policy"])
        policies[queue.arn] = attributes["Attributes"]["Policy"]
    assert len(policies) >= 5
    for arn, policy in policies.items():
        denied = [
            one for one in json.loads(policy)["Statement"]
            if one["Effect"] == "Deny" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        assert len(denied) == 1 and denied[0]["Principal"] == "*", arn
        assert denied[0]["Action"] == f"{arn.split(':')[2]}:*"
        assert listed(denied[0]["Resource"]) == ([arn, f"{arn}/*"] if ":s3:" in arn else [arn])


def test_a_bucket_or_queue_is_opened_to_services_for_this_account_alone(stack: Stack) -> None:
    policies = of_type(stack, "AWS::S3::BucketPolicy") + of_type(stack, "AWS::SQS::QueuePolicy")
    statements = [one for policy in policies for one in policy.properties["PolicyDocument"]["Statement"] if one]
    opened = [one for one in statements if one["Effect"] == "Allow"]
    assert opened
    for statement in opened:
        assert statement["Principal"].keys() == {"Service"} and "*" not in str(statement["Action"]), statement
        conditions = {key for test in statement["Condition"].values() for key in test}
        assert conditions & {"aws:SourceArn", "aws:SourceAccount"}, statement


def test_personal_data_cannot_be_written_past_the_key(stack: Stack) -> None:
    policy = json.loads(stack.client("s3").get_bucket_policy(Bucket=stack.outputs["LakeBucketName"])["Policy"])
    (statement,) = [one for one in policy["Statement"] if one.get("Sid") == "PersonalDataOnlyWithTheKey"]
    lake = stack.resources["LakeBucket"].arn
    clear = ("landing", "processing", "quarantine", "errors")
    assert statement["Resource"] == [f"{lake}/{zone}/*" for zone in clear]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:PutObject")
    assert statement["Condition"] == {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}


def test_every_object_and_every_old_version_goes_in_time(stack: Stack) -> None:
    s3 = stack.client("s3")
    for name in buckets(stack).values():
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        assert all(rule["Status"] == "Enabled" for rule in rules)
        assert [rule["AbortIncompleteMultipartUpload"] for rule in rules if "AbortIncompleteMultipartUpload" in rule]
        assert [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=stack.outputs["LakeBucketName"])["Rules"]
    days = {rule["Filter"]["Prefix"].strip("/"): rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule}
    assert days == ZONES
    old = [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
    assert [(one["Filter"]["Prefix"], one["NoncurrentVersionExpiration"]["NoncurrentDays"]) for one in old] == [("", 3)]


def test_access_to_buckets_is_logged(stack: Stack) -> None:
    s3 = stack.client("s3")
    for logical_id, name in buckets(stack).items():
        if logical_id != "LogBucket":
            target = s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]
            assert target["TargetBucket"] == stack.outputs["LogBucketName"], logical_id
    metrics = stack.resources["LakeBucket"].properties["MetricsConfigurations"]
    assert metrics == [{"Id": "EntireBucket"}]
    for trail in of_type(stack, "AWS::CloudTrail::Trail"):
        assert trail.properties["EnableLogFileValidation"] and trail.properties["IsLogging"]
        (selector,) = trail.properties["EventSelectors"]
        assert selector["DataResources"][0]["Values"] == [f"{stack.resources['LakeBucket'].arn}/"]


def test_logs_are_kept_for_a_time_and_every_function_writes_to_its_own(stack: Stack) -> None:
    groups = {one.physical_id: one for one in of_type(stack, "AWS::Logs::LogGroup")}
    assert all(int(one.properties["RetentionInDays"]) > 0 for one in groups.values())
    used = [one.properties["LoggingConfig"]["LogGroup"] for one in of_type(stack, "AWS::Lambda::Function")]
    assert len(set(used)) == 3 and set(used) <= groups.keys()
    for environment in of_type(stack, "AWS::MWAA::Environment"):
        kinds = [kind.removesuffix("Logs") for kind in environment.properties["LoggingConfiguration"]]
        kinds = ["WebServer" if kind == "Webserver" else "DAGProcessing" if kind == "DagProcessing" else kind
                 for kind in kinds]
        assert {f"airflow-snowline-{kind}" for kind in kinds} <= groups.keys() and len(kinds) == 5


def test_no_role_may_do_anything_everywhere(stack: Stack) -> None:
    for role in of_type(stack, "AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties, role.logical_id
        for statement in allowed(role):
            actions = listed(statement["Action"])
            wide = {action for action in actions if "*" in action}
            assert wide <= WIDE_ACTIONS.get(role.logical_id, set()), (role.logical_id, wide)
            if "*" in listed(statement["Resource"]):
                assert set(actions) <= ANY_RESOURCE.keys(), (role.logical_id, actions)


def test_a_role_uses_the_key_only_through_a_service(stack: Stack) -> None:
    found = set()
    for role in of_type(stack, "AWS::IAM::Role"):
        for statement in allowed(role):
            if not any(action.startswith("kms:") for action in listed(statement["Action"])):
                continue
            assert statement["Resource"] == stack.outputs["DataKeyArn"], role.logical_id
            equal = statement["Condition"]["StringEquals"]
            found |= {(role.logical_id, service.split(".")[0]) for service in listed(equal["kms:ViaService"])}
            if role.logical_id != "AirflowRole":
                assert len(equal) == 2 and any(key.startswith("kms:EncryptionContext:") for key in equal), equal
    functions = {("TransformRole", "s3"), ("TransformRole", "sqs"), ("TransformRole", "secretsmanager"),
                 ("LoadRole", "sqs"), ("LandingStreamRole", "s3")}
    if "SnowflakeKeySecret" in stack.resources:
        functions |= {("LoadRole", "secretsmanager"), ("PublishRole", "secretsmanager")}
    assert {one for one in found if one[0] != "AirflowRole"} == functions


def test_airflow_may_invoke_the_publish_function_and_no_other(stack: Stack) -> None:
    for role in of_type(stack, "AWS::IAM::Role"):
        statements = [one for one in allowed(role) if any(a.startswith("lambda:") for a in listed(one["Action"]))]
        if role.logical_id == "AirflowRole":
            (invoke,) = statements
            assert invoke["Action"] == "lambda:InvokeFunction"
            assert invoke["Resource"] == stack.outputs["PublishFunctionArn"]
        else:
            assert not statements, role.logical_id
    for parameter in of_type(stack, "AWS::SSM::Parameter"):
        found = stack.client("ssm").get_parameter(Name="/snowline/airflow/snowline_orders_publish_function")
        assert found["Parameter"]["Value"] == stack.outputs["PublishFunctionArn"], parameter.logical_id


def test_functions_are_in_the_network_only_when_there_is_one(stack: Stack) -> None:
    network = "Network" in stack.resources
    for function in of_type(stack, "AWS::Lambda::Function"):
        assert ("VpcConfig" in function.properties) is network
    for logical_id in ("TransformRole", "LoadRole", "PublishRole"):
        attach = [one for one in allowed(stack.resources[logical_id]) if "ec2:" in str(one["Action"])]
        assert bool(attach) is network
        assert all(one["Condition"] == {"Null": {"lambda:SourceFunctionArn": "true"}} for one in attach)
    ways_out = {"NatGateway", "SnowflakeEndpoint"} & stack.resources.keys()
    assert len(ways_out) == int(network)
    if "SnowflakeEndpoint" in stack.resources:
        assert not of_type(stack, "AWS::EC2::InternetGateway")


def test_concurrency_is_what_the_parameters_say(stack: Stack) -> None:
    everything = "AirflowRole" in stack.resources
    assert stack.functions["TransformFunction"].reserved_concurrency == (5 if everything else None)
    (mapping,) = of_type(stack, "AWS::Lambda::EventSourceMapping")
    assert int(mapping.properties["ScalingConfig"]["MaximumConcurrency"]) == (7 if everything else 2)


def test_notifications_go_where_they_should(stack: Stack) -> None:
    wired = stack.resources["LakeBucket"].properties["NotificationConfiguration"]
    targets = {"LambdaConfigurations": "Function", "QueueConfigurations": "Queue"}
    found = {
        (rule["Value"], entry[targets[kind]])
        for kind, entries in wired.items() for entry in entries
        for rule in entry["Filter"]["S3Key"]["Rules"] if entry["Event"].startswith("s3:ObjectCreated:")
    }
    queue = stack.resources["LoadQueue"].arn
    function = stack.resources["TransformFunction"].arn
    assert found == {("landing/", function), ("processed/", queue), ("ledger/", queue)}
    (redrive,) = [one.properties["RedrivePolicy"] for one in of_type(stack, "AWS::SQS::Queue")
                  if "RedrivePolicy" in one.properties]
    assert redrive["deadLetterTargetArn"] == stack.resources["LoadDeadLetterQueue"].arn


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        (PRIVATE_LINK, "needs Vpc=create"),
        ({"Airflow": "create"}, "needs Vpc=create without"),
        ({"Airflow": "create", "Vpc": "create"} | PRIVATE_LINK, "needs Vpc=create without"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(parameters: dict[str, str], error: str) -> None:
    with Stack() as stack, pytest.raises(DeploymentError, match=error):
        stack.deploy(REQUIRED | parameters)


def test_a_type_that_nobody_has_looked_at_is_refused_by_name(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Table: {Type: 'AWS::DynamoDB::Table', Properties: {}}}")
    with Stack(template) as stack, pytest.raises(DeploymentError, match="no stand-in: AWS::DynamoDB::Table"):
        stack.deploy({})


def test_a_property_of_a_bucket_that_would_be_dropped_is_refused_by_name(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    properties = "{AccelerateConfiguration: {AccelerationStatus: Enabled}}"
    template.write_text(f"Resources: {{Lake: {{Type: 'AWS::S3::Bucket', Properties: {properties}}}}}")
    with Stack(template) as stack, pytest.raises(DeploymentError, match="Lake: AccelerateConfiguration"):
        stack.deploy({})


def test_the_table_of_what_is_not_held_lists_what_the_template_has() -> None:
    template = translate(ROOT / "template.yaml", {})
    assert {one["Type"] for one in template["Resources"].values()} == NOT_HELD.keys()


def test_a_rule_that_is_skipped_has_its_reason_in_what_is_deployed() -> None:
    template = translate(ROOT / "template.yaml", {})
    skipped = {
        (name, one["id"]): one["comment"]
        for name, resource in template["Resources"].items()
        for one in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }
    assert len(skipped) >= 6 and all(len(comment) > 20 for comment in skipped.values())


def test_every_environment_of_samconfig_deploys() -> None:
    environments = tomllib.loads((ROOT / "samconfig.toml").read_text())
    found = {name: environments[name]["global"]["parameters"] for name in environments.keys() - {"version", "default"}}
    assert {(name, one["region"]) for name, one in found.items()} == {
        (f"{stage}{suffix}", region)
        for stage in ("dev", "staging", "prod") for suffix, region in (("", "us-east-1"), ("-eu", "eu-west-1"))
    }
    databases = set()
    for name in found:
        overrides = environments[name]["deploy"]["parameters"]["parameter_overrides"]
        parameters = dict(one.split("=", 1) for one in overrides)
        check_rules(translate(ROOT / "template.yaml", parameters), parameters)
        databases.add(parameters["SnowflakeDatabase"])
    assert len(databases) == len(found), "a stage belongs to one bucket"


@pytest.mark.parametrize(
    ("window", "files", "deploys"), [(0, 10, True), (0, 11, False), (0, 1000, False), (1, 1000, True)]
)
def test_no_batch_window_needs_batches_that_lambda_takes_without_one(window: int, files: int, deploys: bool) -> None:
    """CreateEventSourceMapping: over 10 messages, MaximumBatchingWindowInSeconds must be at least 1."""
    parameters = {"LoadBatchWindowSeconds": str(window), "LoadBatchFiles": str(files)}
    template = translate(ROOT / "template.yaml", parameters)
    if deploys:
        check_rules(template, parameters)
    else:
        with pytest.raises(DeploymentError, match="needs LoadBatchFiles of at most 10"):
            check_rules(template, parameters)
