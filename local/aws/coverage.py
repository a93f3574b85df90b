"""What the stand-ins make of a deployed template, by the type of the resource.

A template with a type that is not in the table is not deployed.
"""

from __future__ import annotations

from collections.abc import Iterable

from local.aws.translation import DeploymentError

NOT_HELD = {
    "AWS::Chatbot::SlackChannelConfiguration": "all of it: nothing is sent to Slack",
    "AWS::CloudTrail::Trail": "all of it: no call is recorded",
    "AWS::CloudWatch::Alarm": "held by local/aws/cloudwatch, evaluated at the times that a drill gives",
    "AWS::CloudWatch::AnomalyDetector": "AWS's model: the band is mean and deviation (local/aws/cloudwatch/anomaly.py)",
    "AWS::CloudWatch::Dashboard": "read and drawn by local/dashboard, not served",
    "AWS::EC2::EIP": "addresses lead nowhere; everything listens on loopback, here as below",
    "AWS::EC2::FlowLog": "all of it: no flow is logged",
    "AWS::EC2::InternetGateway": "no traffic goes through it",
    "AWS::EC2::NatGateway": "no traffic goes through it",
    "AWS::EC2::Route": "no traffic follows it",
    "AWS::EC2::RouteTable": "no traffic follows it",
    "AWS::EC2::SecurityGroup": "what it forbids is reached all the same",
    "AWS::EC2::SecurityGroupIngress": "what it forbids is reached all the same",
    "AWS::EC2::Subnet": "nothing runs in it",
    "AWS::EC2::SubnetRouteTableAssociation": "no traffic follows it",
    "AWS::EC2::VPC": "nothing runs in it",
    "AWS::EC2::VPCEndpoint": "no traffic goes through it, and its policy is not applied",
    "AWS::EC2::VPCGatewayAttachment": "no traffic goes through it",
    "AWS::IAM::Role": "roles of services without a stand-in: nobody assumes them",
    "AWS::KMS::Alias": "",
    "AWS::KMS::Key": "bytes are stored as they came; S3's eTags are as under KMS",
    "AWS::KinesisFirehose::DeliveryStream": "encryption and logging",
    "AWS::Lambda::EventInvokeConfig": "",
    "AWS::Lambda::EventSourceMapping": "",
    "AWS::Lambda::Function": "network and encryption of the environment; every invocation is traced; logs are files",
    "AWS::Lambda::Permission": "asked when the template is deployed, not at each call",
    "AWS::Logs::LogGroup": "no line is written to it, so none expires",
    "AWS::Logs::LogStream": "all of it",
    "AWS::MWAA::Environment": "all of it: mwaa/tests run the DAG",
    "AWS::Route53::HostedZone": "that it is private, and names are not resolved by it",
    "AWS::Route53::RecordSet": "names are not resolved by it",
    "AWS::S3::Bucket": "lifecycle and access logs are held, but nothing expires and none is written",
    "AWS::S3::BucketPolicy": "administrators are past it; what travels over loopback counts as TLS",
    "AWS::SNS::Subscription": "no e-mail is sent",
    "AWS::SNS::Topic": "messages are kept as they came",
    "AWS::SNS::TopicPolicy": "not applied",
    "AWS::SQS::Queue": "messages are stored as they came",
    "AWS::SQS::QueuePolicy": "as of a bucket; S3's right to send is asked when the template is deployed",
    "AWS::SSM::Parameter": "",
    "AWS::SecretsManager::Secret": "values are stored as they came",
}
"""Of every type that can be deployed, what the stand-ins do not hold; empty when they hold it all."""


def check_types(types: Iterable[str]) -> None:
    """Raises `DeploymentError` for types of which nobody has said what is not held."""
    if unknown := sorted(set(types) - NOT_HELD.keys()):
        raise DeploymentError(f"no stand-in: {', '.join(unknown)}; local/aws/coverage.py lists what has one")
