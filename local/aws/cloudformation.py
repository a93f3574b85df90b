"""Deploys a translated template into moto's CloudFormation, and tells what every resource came to.

moto resolves parameters, conditions and references and creates the resources it knows, or learns
from models.py. Whatever our own stand-ins or nobody serves needs no more than an identity for
references to resolve to.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends
from moto.core.common_models import CloudFormationModel
from moto.moto_api._internal import moto_api_backend

from local.aws import models  # noqa: F401  (moto finds them by being subclasses)
from local.aws.coverage import check_types
from local.aws.rules import check_rules
from local.aws.translation import REGION

ACCOUNT = "123456789012"

# How the ARNs of what our own stand-ins serve are built, and which property names it.
IDENTITIES = {
    "AWS::Lambda::Function": ("lambda", "function:", "FunctionName"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "deliverystream/", "DeliveryStreamName"),
}

# moto would run functions, and knows of no flow logs below a prefix of a bucket.
OURS = ("AWS::Lambda::", "AWS::EC2::FlowLog")


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


def deploy(cloudformation: Any, stack_name: str, template: dict[str, Any], parameters: dict[str, str]) -> Deployment:
    """Creates the stack through the CloudFormation API and reads back what came of it.

    Raises `DeploymentError` for what CloudFormation would refuse, and for a type without a stand-in.
    """
    types = {resource["Type"] for resource in template["Resources"].values()}
    check_types(types)
    check_rules(template, parameters)
    _teach_moto(types)
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
    resolved = parsing.clean_json(body.get("Properties", {}), resource_map)
    # A rule of a security group has no identity in moto.
    physical_id = getattr(model, "physical_resource_id", logical_id)
    return Resource(logical_id, body["Type"], physical_id, arn, resolved, body.get("Metadata", {}))


def _teach_moto(types: set[str]) -> None:
    """Declares the types that moto does not know, and those that it must not deploy."""
    known = {model.cloudformation_type() for model in CloudFormationModel.__subclasses__()}
    for type_name in types - {model.cloudformation_type() for model in _DECLARED}:
        if type_name.startswith(OURS) or type_name not in known:
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
