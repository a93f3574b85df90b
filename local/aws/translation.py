"""Translates a SAM template into CloudFormation, as the service's transform does.

    python -m local.aws.translation template.yaml > target/template.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

REGION = "us-east-1"


class DeploymentError(ValueError):
    """The template asks for something that cannot be deployed here."""


def translate(template: Path, parameters: dict[str, str]) -> dict[str, Any]:
    """The template that CloudFormation gets; raises `DeploymentError` for a parameter it does not have."""
    source = yaml_parse(template.read_text())
    unknown = parameters.keys() - source.get("Parameters", {}).keys()
    if unknown:
        raise DeploymentError(f"{template}: no such parameters: {', '.join(sorted(unknown))}")
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` would put the address of the uploaded code here.
            resource["Properties"]["CodeUri"] = "s3://local/code.zip"
    return Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION)).translate(source, parameters)


if __name__ == "__main__":
    print(json.dumps(translate(Path(sys.argv[1]), {}), indent=1))
