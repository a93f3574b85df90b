"""Reads the roles, policies and keys of a deployed template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local.aws.cloudformation import ACCOUNT, REGION, Deployment, Resource
from local.aws.encryption import Encryption
from local.aws.events import Route
from local.aws.iam import S3, AccessDenied, Iam, Role
from local.aws.policy import (
    VERSION,
    Call,
    InvalidPolicy,
    Statement,
    identity_statements,
    resource_statements,
    trust_statements,
)
from local.aws.translation import DeploymentError


def declare(deployment: Deployment, iam: Iam) -> None:
    """Makes the roles and resource policies known. Raises `DeploymentError` for what has no stand-in."""
    try:
        for resource in deployment.of_type("AWS::IAM::Role"):
            role = _role(resource)
            iam.roles[role.arn] = role
        for arn, statements in _resource_policies(deployment):
            iam.resource_policies[arn] = iam.resource_policies.get(arn, ()) + statements
    except InvalidPolicy as error:
        raise DeploymentError(str(error)) from error


def _role(resource: Resource) -> Role:
    properties = resource.properties
    for name in ("ManagedPolicyArns", "PermissionsBoundary"):
        if properties.get(name):
            raise DeploymentError(f"{resource.logical_id}: {name} has no stand-in")
    statements: tuple[Statement, ...] = ()
    # An !If without a value leaves an empty place.
    for policy in filter(None, properties.get("Policies", [])):
        origin = f"{resource.logical_id}/{policy['PolicyName']}"
        statements += identity_statements(policy["PolicyDocument"], origin)
    trust = trust_statements(properties["AssumeRolePolicyDocument"], f"{resource.logical_id}/trust")
    return Role(resource.arn or "", trust, statements)


def _resource_policies(deployment: Deployment) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    queues = {queue.physical_id: queue.arn or "" for queue in deployment.of_type("AWS::SQS::Queue")}
    for policy in deployment.of_type("AWS::SQS::QueuePolicy"):
        for url in policy.properties["Queues"]:
            yield queues[url], resource_statements(policy.properties["PolicyDocument"], policy.logical_id)
    for policy in deployment.of_type("AWS::S3::BucketPolicy"):
        bucket = f"arn:aws:s3:::{policy.properties['Bucket']}"
        yield bucket, resource_statements(policy.properties["PolicyDocument"], policy.logical_id)
    for key in deployment.of_type("AWS::KMS::Key"):
        yield key.arn or "", resource_statements(key.properties["KeyPolicy"], key.logical_id)
    functions = {one.physical_id: one.arn or "" for one in deployment.of_type("AWS::Lambda::Function")}
    for permission in deployment.of_type("AWS::Lambda::Permission"):
        name = permission.properties["FunctionName"]
        arn = functions.get(name, name)
        yield arn, resource_statements(_permission(permission.properties, arn), permission.logical_id)


def _permission(properties: dict[str, Any], function_arn: str) -> dict[str, Any]:
    """The statement that Lambda adds to a function's policy."""
    conditions = {}
    if "SourceArn" in properties:
        conditions["ArnLike"] = {"AWS:SourceArn": properties["SourceArn"]}
    if "SourceAccount" in properties:
        conditions["StringEquals"] = {"AWS:SourceAccount": properties["SourceAccount"]}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": properties["Principal"]},
        "Action": properties["Action"],
        "Resource": function_arn,
        "Condition": conditions,
    }
    return {"Version": VERSION, "Statement": statement}


def encryption(deployment: Deployment) -> Encryption:
    """The customer-managed keys of queues, secrets and buckets."""
    aliases = {key.physical_id: key.arn or "" for key in deployment.of_type("AWS::KMS::Key")}
    aliases |= {arn: arn for arn in aliases.values()}
    for alias in deployment.of_type("AWS::KMS::Alias"):
        aliases[alias.properties["AliasName"]] = aliases[alias.properties["TargetKeyId"]]
    keys, bucket_keys = {}, set()
    for kind, name in (("AWS::SQS::Queue", "KmsMasterKeyId"), ("AWS::SecretsManager::Secret", "KmsKeyId")):
        for resource in deployment.of_type(kind):
            # A secret's identity is its ARN.
            arn = resource.arn or resource.physical_id
            keys[arn] = aliases.get(resource.properties.get(name, ""))
    for bucket in deployment.of_type("AWS::S3::Bucket"):
        for rule in bucket.properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
            arn, default = f"arn:aws:s3:::{bucket.physical_id}", rule["ServerSideEncryptionByDefault"]
            keys[arn] = aliases.get(default.get("KMSMasterKeyID", ""))
            if str(rule.get("BucketKeyEnabled", False)).lower() == "true":
                bucket_keys.add(arn)
    found = {arn: key for arn, key in keys.items() if key is not None}
    return Encryption(ACCOUNT, REGION, found, aliases, frozenset(bucket_keys))


def check_route(iam: Iam, route: Route, key: str | None) -> None:
    """Raises `DeploymentError` unless S3 may send a bucket's notifications to a target, as S3 tests it.

    `key` is the customer-managed key of a queue.
    """
    source = {"aws:SourceArn": f"arn:aws:s3:::{route.bucket}", "aws:SourceAccount": iam.account}
    action = "lambda:InvokeFunction" if ":lambda:" in route.target_arn else "sqs:SendMessage"
    calls = [Call(action, route.target_arn)]
    if key is not None:
        calls += [Call("kms:GenerateDataKey", key), Call("kms:Decrypt", key)]
    try:
        for call in calls:
            iam.require_service(S3, call.within(source))
    except AccessDenied as error:
        raise DeploymentError(f"{route.bucket}: unable to validate the destination configurations: {error}") from error
