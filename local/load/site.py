"""The stand-ins of a load test: the Snowflake account is a process of its own, with its tables on disk."""

from __future__ import annotations

from pathlib import Path

from local.dataset import Dataset
from local.demo.site import ACCOUNT, Site
from local.load.settings import Settings
from local.snowflake.process import SnowflakeProcess


class LoadSite(Site):
    """AWS in this process and Snowflake in another, so that what they take can be told apart."""

    snowflake: SnowflakeProcess

    def __init__(self, directory: Path, dataset: Dataset, settings: Settings) -> None:
        super().__init__(directory, dataset, settings.parameters, settings.timing, settings.transforms)
        self._directory = directory

    def _account(self, users: dict[str, Path]) -> SnowflakeProcess:
        return SnowflakeProcess(self.stack.endpoint_url, users, ACCOUNT, self._directory / "snowflake")
