"""The types of CloudFormation that moto serves but cannot deploy, taught to its CloudFormation.

moto finds a type by its class, which has to be derived from CloudFormationModel itself.
"""

from __future__ import annotations

import json
from typing import Any

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.ec2.models.vpcs import VPCEndPoint
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

_RESOLVE = parsing.clean_json


def _without_no_value(value: Any, resources: parsing.ResourceMap) -> Any:
    """AWS::NoValue leaves no trace in a list; moto leaves a null."""
    resolved = _RESOLVE(value, resources)
    return [one for one in resolved if one is not None] if isinstance(value, list) else resolved


parsing.clean_json = _without_no_value


def _endpoint_has_attribute(attribute: str) -> bool:
    return attribute == "DnsEntries"


def _endpoint_attribute(endpoint: VPCEndPoint, attribute: str) -> list[str]:
    if attribute == "DnsEntries":
        return [f"Z0LOCAL:{endpoint.id}.{endpoint.service_name}"]
    raise NotImplementedError(f"AWS::EC2::VPCEndpoint has no attribute {attribute}")


VPCEndPoint.has_cfn_attr = staticmethod(_endpoint_has_attribute)
VPCEndPoint.get_cfn_attribute = _endpoint_attribute


class _Policy:
    """A policy of other resources, which has no more than an identity itself."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""


class BucketPolicy(_Policy, CloudFormationModel):
    """AWS::S3::BucketPolicy."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, _region_name: str, **_: Any
    ) -> BucketPolicy:
        properties = cloudformation_json["Properties"]
        policy = json.dumps(properties["PolicyDocument"]).encode()
        s3_backends[account_id]["aws"].put_bucket_policy(properties["Bucket"], policy)
        return cls(resource_name)


class QueuePolicy(_Policy, CloudFormationModel):
    """AWS::SQS::QueuePolicy."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SQS::QueuePolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> QueuePolicy:
        properties = cloudformation_json["Properties"]
        policy = json.dumps(properties["PolicyDocument"])
        for url in properties["Queues"]:
            queue = url.rpartition("/")[2]
            sqs_backends[account_id][region_name].set_queue_attributes(queue, {"Policy": policy})
        return cls(resource_name)


class Secret(CloudFormationModel):
    """AWS::SecretsManager::Secret."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    def get_cfn_attribute(self, attribute: str) -> str:
        if attribute == "Id":
            return self.physical_resource_id
        raise NotImplementedError(f"AWS::SecretsManager::Secret has no attribute {attribute}")

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Secret:
        properties = cloudformation_json["Properties"]
        backend = secretsmanager_backends[account_id][region_name]
        value = properties.get("SecretString")
        if (rule := properties.get("GenerateSecretString")) is not None:
            value = _generate(backend, rule)
        created = backend.create_secret(
            name=resource_name,
            secret_string=value,
            secret_binary=None,
            description=properties.get("Description"),
            tags=None,
            kms_key_id=properties.get("KmsKeyId"),
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(created)["ARN"])


def _generate(backend: Any, rule: dict[str, Any]) -> str:
    password = json.loads(
        backend.get_random_password(
            password_length=int(rule.get("PasswordLength", 32)),
            exclude_characters=rule.get("ExcludeCharacters", ""),
            exclude_numbers=rule.get("ExcludeNumbers", False),
            exclude_punctuation=rule.get("ExcludePunctuation", False),
            exclude_uppercase=rule.get("ExcludeUppercase", False),
            exclude_lowercase=rule.get("ExcludeLowercase", False),
            include_space=rule.get("IncludeSpace", False),
            require_each_included_type=rule.get("RequireEachIncludedType", True),
        )
    )["RandomPassword"]
    if "SecretStringTemplate" not in rule:
        return password
    return json.dumps(json.loads(rule["SecretStringTemplate"]) | {rule["GenerateStringKey"]: password})
