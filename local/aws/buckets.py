"""Gives a bucket what the template says of it, which moto's CloudFormation mostly drops.

Through the API, so that S3's own rules apply: access logs, for one, need a bucket whose policy
lets them in.
"""

from __future__ import annotations

from typing import Any

from local.aws.cloudformation import Resource
from local.aws.translation import DeploymentError

ELSEWHERE = {"BucketName", "NotificationConfiguration", "MetricsConfigurations", "Tags"}
"""Done by moto, by wiring.routes, by nobody (see coverage.py), by moto."""


def configure(s3: Any, bucket: Resource) -> None:
    """Applies the properties of an AWS::S3::Bucket; raises `DeploymentError` for one that it does not know."""
    calls = {
        "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration", dict),
        "PublicAccessBlockConfiguration": ("put_public_access_block", "PublicAccessBlockConfiguration", dict),
        "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls", dict),
        "BucketEncryption": ("put_bucket_encryption", "ServerSideEncryptionConfiguration", _encryption),
        "LoggingConfiguration": ("put_bucket_logging", "BucketLoggingStatus", _logging),
        "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", "LifecycleConfiguration", _lifecycle),
    }
    for name, value in bucket.properties.items():
        if name in calls:
            call, argument, convert = calls[name]
            getattr(s3, call)(Bucket=bucket.physical_id, **{argument: convert(value)})
        elif name not in ELSEWHERE:
            raise DeploymentError(f"{bucket.logical_id}: {name} has no stand-in")


def _encryption(value: dict[str, Any]) -> dict[str, Any]:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"Rules": rules}


def _logging(value: dict[str, Any]) -> dict[str, Any]:
    target = {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"LoggingEnabled": target}


def _lifecycle(value: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    converted: dict[str, Any] = {"Filter": {"Prefix": rule.get("Prefix", "")}}
    for name, value in rule.items():
        match name:
            case "Id":
                converted["ID"] = value
            case "Status":
                converted["Status"] = value
            case "ExpirationInDays":
                converted["Expiration"] = {"Days": int(value)}
            case "NoncurrentVersionExpiration" | "AbortIncompleteMultipartUpload":
                converted[name] = {key: int(days) for key, days in value.items()}
            case "Prefix":
                pass
            case _:
                raise DeploymentError(f"lifecycle rule {rule.get('Id')}: {name} has no stand-in")
    return converted
