"""The files of an external stage, read from an S3 endpoint."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import errors

_PARALLEL_REQUESTS = 4


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


class StagedFiles:
    """An S3 endpoint."""

    def __init__(self, endpoint: str, access_key: str = "local", secret_key: str = "local") -> None:
        self._client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
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
