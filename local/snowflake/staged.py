"""The files of external stages, read from an S3 endpoint with the roles of storage integrations."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import errors

_PARALLEL_REQUESTS = 4
_LEFT_OF_SESSION = timedelta(minutes=5)


@dataclass(frozen=True)
class Location:
    """A bucket and a key, or a prefix of keys."""

    bucket: str
    key: str

    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class StagedFile:
    """What a HEAD request says of a staged file."""

    location: Location
    etag: str
    modified: datetime


class Storage:
    """An S3 endpoint, and the IAM user of the account that assumes the roles of storage integrations.

    Snowflake makes an external id for each integration unless it is told one; here all have one.
    """

    def __init__(self, endpoint: str, external_id: str | None = None) -> None:
        self.iam_user_arn = "arn:aws:iam::999999999999:user/snowflake"
        self.access_key_id = "snowflake"
        self.external_id = external_id or f"LOCAL_SFCRole={uuid.uuid4()}"
        self._endpoint = endpoint
        self._files: dict[str, tuple[StagedFiles, datetime]] = {}
        self._lock = threading.Lock()

    @property
    def trusted(self) -> dict[str, str]:
        """The parameters of template.yaml that let it read the lake, as DESC INTEGRATION has them."""
        return {"SnowflakeIamUserArn": self.iam_user_arn, "SnowflakeExternalId": self.external_id}

    def files(self, role_arn: str) -> StagedFiles:
        """What a role reaches. Raises `SqlError` if it cannot be assumed."""
        with self._lock:
            files, expires = self._files.get(role_arn, (None, datetime.min.replace(tzinfo=UTC)))
            if files is None or expires - datetime.now(UTC) < _LEFT_OF_SESSION:
                credentials = self._assume(role_arn)
                files = StagedFiles(self._endpoint, credentials)
                self._files[role_arn] = files, credentials["Expiration"]
            return files

    def _assume(self, role_arn: str) -> dict[str, Any]:
        sts = boto3.client(
            "sts", endpoint_url=self._endpoint, region_name="us-east-1", aws_access_key_id=self.access_key_id,
            aws_secret_access_key="local",
        )
        try:
            answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="snowflake", ExternalId=self.external_id)
        except (ClientError, BotoCoreError) as error:
            raise errors.SqlError("003167", "42601", f"Error assuming AWS_ROLE: {error}") from error
        return answer["Credentials"]


class StagedFiles:
    """An S3 endpoint, as credentials of a role reach it."""

    def __init__(self, endpoint: str, credentials: dict[str, Any]) -> None:
        self._client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"], aws_session_token=credentials["SessionToken"],
            config=Config(
                s3={"addressing_style": "path"}, max_pool_connections=_PARALLEL_REQUESTS,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def describe(self, locations: list[Location]) -> list[StagedFile]:
        """The files at these places; one that is missing fails the statement."""
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            return list(pool.map(self._describe, locations))

    def _describe(self, location: Location) -> StagedFile:
        try:
            head = self._client.head_object(Bucket=location.bucket, Key=location.key)
        except (ClientError, BotoCoreError) as error:
            raise _unreachable(location, error) from error
        return StagedFile(location, head["ETag"].strip('"'), head["LastModified"])

    def read(self, files: list[StagedFile]) -> list[bytes]:
        """The bytes of the files, each as it was when described."""
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            return list(pool.map(self._read, files))

    def _read(self, file: StagedFile) -> bytes:
        place = file.location
        try:
            answer = self._client.get_object(Bucket=place.bucket, Key=place.key, IfMatch=file.etag)
            return answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise _unreachable(place, error) from error

    def list(self, prefix: Location) -> list[StagedFile]:
        """All files under a prefix, in order of their keys."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=prefix.bucket, Prefix=prefix.key
            )
            return [
                StagedFile(Location(prefix.bucket, one["Key"]), one["ETag"].strip('"'),
                           one["LastModified"])
                for page in pages for one in page.get("Contents", [])
            ]
        except (ClientError, BotoCoreError) as error:
            raise _unreachable(prefix, error) from error


def _unreachable(location: Location, error: Exception) -> errors.SqlError:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in ("404", "NoSuchKey"):
        message = (
            f"Remote file '{location.url()}' was not found. There are several potential causes. The"
            " file might not exist. The required credentials may be missing or invalid."
        )
        return errors.SqlError("091016", "22000", message)
    message = f"Failed to access remote file '{location.url()}': {error}"
    return errors.SqlError("091003", "57014", message)
