"""What requests need permission for at the gateway, keys included, and how each service refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws.iam import LAMBDA, Session
from local.aws.policy import VERSION, Principal, identity_statements
from local.aws.translation import DeploymentError
from local.stack import Stack

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: kms:*
            Resource: "*"
            Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
  Lake:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: lake
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - BucketKeyEnabled: true
            ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}
  Plain:
    Type: AWS::S3::Bucket
    Properties: {BucketName: plain}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: queue, KmsMasterKeyId: !Ref Key}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: hush, KmsKeyId: !Ref Key}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}]
      Policies: [POLICY]
"""

Act = Callable[[Callable[[str], Any]], object]
"""What is done with a function's clients, by the name of the service."""


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ("{Effect: Allow, Action: s3:GetObject, NotResource: x}", "Role/p/0: NotResource is not known here"),
        (
            '{Effect: Allow, Action: s3:*, Resource: "*", Condition: {IpAddress: {"aws:SourceIp": 10.0.0.0/8}}}',
            "Role/p/0: the condition operator IpAddress is not known",
        ),
    ],
)
def test_a_policy_that_cannot_be_evaluated_is_not_deployed(tmp_path: Path, policy: str, error: str) -> None:
    template = tmp_path / "template.yaml"
    document = f'{{Version: "2012-10-17", Statement: [{policy}]}}'
    template.write_text(TEMPLATE.replace("POLICY", f"{{PolicyName: p, PolicyDocument: {document}}}"))
    with Stack(template, run_directory=tmp_path) as stack, pytest.raises(DeploymentError, match=error):
        stack.deploy({})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    template = folder / "template.yaml"
    template.write_text(TEMPLATE.replace("POLICY", ""))
    with Stack(template, run_directory=folder) as stack:
        stack.deploy({})
        yield stack


def role(stack: Stack, *actions: str, condition: dict[str, Any] | None = None) -> Session:
    """Credentials of the role, which may call these actions on everything, those of KMS under a condition."""
    statements = [
        {"Effect": "Allow", "Action": one, "Resource": "*", "Condition": condition or {}}
        if one.startswith("kms:") else {"Effect": "Allow", "Action": one, "Resource": "*"}
        for one in actions
    ]
    arn = stack.resources["Role"].arn
    allowed = identity_statements({"Version": VERSION, "Statement": statements}, "Role")
    stack.iam.roles[arn] = replace(stack.iam.roles[arn], statements=allowed)
    stack.iam.made.clear()
    return stack.iam.assume(arn, Principal(service=LAMBDA), "probe")


def put(bucket: str, **options: Any) -> Act:
    return lambda client: client("s3").put_object(Bucket=bucket, Key="a b/ü", Body=b"x" * 100_000, **options)


def get(bucket: str, **options: Any) -> Act:
    return lambda client: client("s3").get_object(Bucket=bucket, Key="a b/ü", **options)["Body"].read()


def upload(client: Callable[[str], Any]) -> None:
    s3, place = client("s3"), {"Bucket": "lake", "Key": "parts"}
    upload_id = s3.create_multipart_upload(**place)["UploadId"]
    part = s3.upload_part(**place, UploadId=upload_id, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**place, UploadId=upload_id, MultipartUpload=parts)


def abort(client: Callable[[str], Any]) -> None:
    s3, place = client("s3"), {"Bucket": "plain", "Key": "parts"}
    s3.abort_multipart_upload(**place, UploadId=s3.create_multipart_upload(**place)["UploadId"])


def receive(client: Callable[[str], Any]) -> None:
    sqs = client("sqs")
    url = "http://127.0.0.1/123456789012/queue"
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    entries = [{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]
    sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def send(client: Callable[[str], Any]) -> None:
    client("sqs").send_message(QueueUrl="http://127.0.0.1/123456789012/queue", MessageBody="x")


SSE_S3 = {"ServerSideEncryption": "AES256"}
NEEDS: list[tuple[Act, set[str]]] = [
    (put("plain"), {"s3:PutObject"}),
    (put("lake"), {"s3:PutObject", "kms:GenerateDataKey"}),
    (put("lake", **SSE_S3), {"s3:PutObject"}),
    (get("plain"), {"s3:GetObject"}),
    (get("lake"), {"s3:GetObject", "kms:Decrypt"}),
    (lambda client: client("s3").head_object(Bucket="plain", Key="a b/ü"), {"s3:GetObject"}),
    (upload, {"s3:PutObject", "kms:GenerateDataKey", "kms:Decrypt"}),
    (abort, {"s3:PutObject", "s3:AbortMultipartUpload"}),
    (lambda client: client("s3").list_objects_v2(Bucket="plain", Prefix="a"), {"s3:ListBucket"}),
    (lambda client: client("s3").get_bucket_location(Bucket="plain"), {"s3:GetBucketLocation"}),
    (lambda client: client("s3").delete_object(Bucket="plain", Key="a b/ü"), {"s3:DeleteObject"}),
    (
        lambda client: client("s3").copy_object(
            Bucket="plain", Key="copy", CopySource={"Bucket": "lake", "Key": "a b/ü"}
        ),
        {"s3:PutObject", "s3:GetObject", "kms:Decrypt"},
    ),
    (send, {"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"}),
    (receive, {"sqs:ReceiveMessage", "sqs:DeleteMessage", "kms:Decrypt"}),
]


@pytest.mark.parametrize(("act", "needed"), NEEDS)
def test_a_request_needs_each_of_its_permissions(stack: Stack, act: Act, needed: set[str]) -> None:
    for bucket in ("plain", "lake"):
        put(bucket)(stack.client)
    send(stack.client)
    for without in sorted(needed):
        session = role(stack, *needed - {without})
        with pytest.raises(ClientError) as refused:
            act(lambda service, session=session: stack.client(service, session=session))
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
        assert without in stack.iam.refused[-1]
    session = role(stack, *needed)
    act(lambda service: stack.client(service, session=session))
    assert {made.call.action for made in stack.iam.made} == needed


def test_a_key_may_be_kept_to_one_service_and_resource(stack: Stack) -> None:
    lake = {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::lake"}
    session = role(stack, "s3:*", "sqs:*", "secretsmanager:*", "kms:*", condition={"StringEquals": lake})
    s3, sqs, secrets = (stack.client(one, session=session) for one in ("s3", "sqs", "secretsmanager"))
    s3.put_object(Bucket="lake", Key="a", Body=b"x")
    with pytest.raises(ClientError, match="KmsAccessDenied"):
        sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="x")
    with pytest.raises(ClientError, match=r"AccessDeniedException.*kms:Decrypt"):
        secrets.get_secret_value(SecretId=stack.resources["Secret"].physical_id)


def test_a_version_is_read_with_a_permission_of_its_own(stack: Stack) -> None:
    session = role(stack, "s3:GetObject")
    admin = stack.client("s3")
    admin.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    version = admin.put_object(Bucket="plain", Key="a b/ü", Body=b"x")["VersionId"]
    get("plain")(lambda service: stack.client(service, session=session))
    with pytest.raises(ClientError, match="s3:GetObjectVersion"):
        get("plain", VersionId=version)(lambda service: stack.client(service, session=session))


def test_what_is_missing_shows_only_to_whom_may_list(stack: Stack) -> None:
    for actions, code in ((["s3:GetObject"], "AccessDenied"), (["s3:GetObject", "s3:ListBucket"], "NoSuchKey")):
        session = role(stack, *actions)
        with pytest.raises(ClientError, match=code):
            stack.client("s3", session=session).get_object(Bucket="plain", Key="missing")


def test_a_request_that_is_not_in_the_tables_is_an_error_by_name(stack: Stack) -> None:
    session = role(stack, "*")
    requests: list[tuple[Act, str]] = [
        (lambda client: client("s3").put_object_tagging(Bucket="lake", Key="a", Tagging={"TagSet": []}), "tagging"),
        (lambda client: client("sqs").list_queues(), "AmazonSQS.ListQueues"),
        (lambda client: client("kms").list_keys(), "a request to kms"),
    ]
    for act, named in requests:
        with pytest.raises(ClientError, match="NotImplemented"):
            act(lambda service: stack.client(service, session=session))
        assert named in stack.iam.refused[-1]


def test_credentials_that_nobody_was_given_are_refused(stack: Stack) -> None:
    session = role(stack, "*")
    stolen = Session(stack.iam, session.role_arn, "probe", {}, session.access_key_id, "another token")
    for service, code in (("s3", "InvalidAccessKeyId"), ("sqs", "UnrecognizedClientException")):
        client = stack.client(service, session=stolen)
        with pytest.raises(ClientError, match=code):
            client.list_buckets() if service == "s3" else client.list_queues()
