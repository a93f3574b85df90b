"""Deploys a SAM template into moto's CloudFormation, and tells what every resource came to.

moto resolves parameters, conditions and references and creates the resources it knows.
It is taught the other types here: secrets, and whatever our own stand-ins or nobody
serves, which needs no more than an identity for references to resolve to.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends
from moto.core.common_models import CloudFormationModel
from moto.moto_api._internal import moto_api_backend
from moto.secretsmanager.models import secretsmanager_backends
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ACCOUNT = "123456789012"
REGION = "us-east-1"

# How the ARNs of what our own stand-ins serve are built, and which property names it.
IDENTITIES = {
    "AWS::Lambda::Function": ("lambda", "function:", "FunctionName"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "deliverystream/", "DeliveryStreamName"),
}


class DeploymentError(ValueError):
    """The template asks for something that cannot be deployed here."""


@dataclass(frozen=True)
class Resource:
    """A deployed resource; every reference in `properties` is resolved."""

    logical_id: str
    type: str
    physical_id: str
    arn: str | None
    properties: dict[str, Any]
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """A deployed stack."""

    resources: dict[str, Resource]
    outputs: dict[str, str]

    def of_type(self, type_name: str) -> list[Resource]:
        """The resources of one type, in the order of the template."""
        return [resource for resource in self.resources.values() if resource.type == type_name]


def translate(template: Path, parameters: dict[str, str]) -> dict[str, Any]:
    """Translates a SAM template into CloudFormation, as the service's transform does."""
    source = yaml_parse(template.read_text())
    unknown = parameters.keys() - source.get("Parameters", {}).keys()
    if unknown:
        raise DeploymentError(f"{template}: no such parameters: {', '.join(sorted(unknown))}")
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` would put the address of the uploaded code here.
            resource["Properties"]["CodeUri"] = "s3://local/code.zip"
    return Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION)).translate(source, parameters)


def deploy(cloudformation: Any, stack_name: str, template: dict[str, Any], parameters: dict[str, str]) -> Deployment:
    """Creates the stack through the CloudFormation API and reads back what came of it."""
    _teach_moto({resource["Type"] for resource in template["Resources"].values()})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cloudformation.create_stack(
            StackName=stack_name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
    backend = cloudformation_backends[ACCOUNT][REGION]
    stack = next(stack for stack in backend.stacks.values() if stack.name == stack_name)
    resources = {}
    for logical_id, body in template["Resources"].items():
        model = stack.resource_map[logical_id]
        if model is not None:
            resources[logical_id] = _resource(logical_id, body, model, stack.resource_map)
    # One whose condition does not hold is None.
    outputs = filter(None, stack.output_map.values())
    return Deployment(resources, {output.key: output.value for output in outputs})


def reset() -> None:
    """Forgets everything that moto holds in this process."""
    moto_api_backend.reset()


def _resource(logical_id: str, body: dict[str, Any], model: Any, resource_map: parsing.ResourceMap) -> Resource:
    try:
        arn = model.get_cfn_attribute("Arn")
    except Exception:  # moto raises one of several errors for a type that has no ARN
        arn = None
    properties = body.get("Properties", {})
    resolved = _without_no_value(parsing.clean_json(properties, resource_map))
    return Resource(logical_id, body["Type"], model.physical_resource_id, arn, resolved, body.get("Metadata", {}))


def _without_no_value(value: Any) -> Any:
    """Leaves out what is AWS::NoValue: moto does so in objects, but puts None into lists."""
    if isinstance(value, dict):
        return {name: _without_no_value(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_no_value(one) for one in value if one is not None]
    return value


class _Secret(CloudFormationModel):
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
    ) -> _Secret:
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
            kms_key_id=None,
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


def _teach_moto(types: set[str]) -> None:
    """Declares the types that moto does not know, and Lambda's, which moto must not run."""
    known = {model.cloudformation_type() for model in CloudFormationModel.__subclasses__()}
    for type_name in types - {model.cloudformation_type() for model in _DECLARED}:
        if type_name.startswith("AWS::Lambda::") or type_name not in known:
            service = type_name.split("::")[1].lower()
            _declare(type_name, *IDENTITIES.get(type_name, (service, "", "")))
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()


def _declare(type_name: str, service: str, arn_prefix: str, name_property: str) -> None:
    """Makes moto give resources of a type a name and an ARN, and nothing else."""

    class Declared(CloudFormationModel):
        def __init__(self, name: str) -> None:
            self.physical_resource_id = name

        @staticmethod
        def cloudformation_name_type() -> str:
            return name_property

        @staticmethod
        def cloudformation_type() -> str:
            return type_name

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr == "Arn"

        def get_cfn_attribute(self, attribute: str) -> str:
            if attribute == "Arn":
                return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{arn_prefix}{self.physical_resource_id}"
            raise NotImplementedError(f"{type_name} has no attribute {attribute}")

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, _body: dict[str, Any], _account_id: str, _region_name: str, **_: Any
        ) -> Any:
            return cls(resource_name)

    _DECLARED.append(Declared)


# Python would collect a class that nothing refers to, and moto finds models by subclass.
_DECLARED: list[type[CloudFormationModel]] = []
