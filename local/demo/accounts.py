"""The account of every row, from the line sent to the table read: each figure taken twice,
from sources that do not know of one another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from local.demo.site import Site

LEDGER = "select id, bucket, key, bytes, rows_read, rows_accepted, rows_rejected, rejected_by_rule from ops.ledger"
STAGED = "select _source_object, count(*) as row_count from {table} group by _source_object"
ROWS = "select count(*) as row_count from {table}"
KEYS = "select count(*) as row_count from (select distinct {key} from {table})"


@dataclass(frozen=True)
class Entry:
    """The ledger entry of one landing object, as loaded into Snowflake."""

    id: str
    bucket: str
    key: str
    bytes: int
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rejected_by_rule: dict[str, int]


@dataclass(frozen=True)
class Equation:
    """Two figures that must be equal, and what each one is."""

    name: str
    left: str
    left_value: int
    right: str
    right_value: int

    @property
    def holds(self) -> bool:
        return self.left_value == self.right_value


@dataclass(frozen=True)
class Accounts:
    """Everything counted after a run."""

    dataset: str
    sent: dict[str, Any]
    entries: list[Entry]
    landing_objects: int
    quarantined: int
    staged: dict[str, int]
    files_loaded: int
    rows_loaded: int
    merge: dict[str, int]
    analytics_rows: int
    analytics_keys: int
    live_rows: int
    parked: int

    def total(self, field: str) -> int:
        """The sum of a figure over all ledger entries."""
        return sum(getattr(entry, field) for entry in self.entries)

    @property
    def rejected_by_rule(self) -> dict[str, int]:
        """Rejected rows by rule, the most frequent first."""
        total: Counter[str] = Counter()
        for entry in self.entries:
            total.update(entry.rejected_by_rule)
        return dict(total.most_common())

    def _differing_rules(self) -> set[str]:
        """The rules that rejected another number of lines than the producer made to break them."""
        return {rule for rule, _ in self.sent["bad_by_rule"].items() ^ self.rejected_by_rule.items()}

    def equations(self) -> list[Equation]:
        """What must hold."""
        read, accepted, rejected = (self.total(f"rows_{kind}") for kind in ("read", "accepted", "rejected"))
        differing = sum(
            self.staged.get(f"s3://{entry.bucket}/{entry.key}", 0) != entry.rows_accepted for entry in self.entries
        )
        inserted, deleted = self.merge["inserted"], self.merge["deleted"]
        return [
            Equation("sent = read", "lines the producer sent", self.sent["events_sent"], "rows read", read),
            Equation("read = accepted + rejected", "rows read", read, "accepted + rejected", accepted + rejected),
            Equation("bad = rejected", "bad lines sent", self.sent["bad_sent"], "rows rejected", rejected),
            Equation("bad = rejected, rule by rule", "rules that differ", len(self._differing_rules()), "allowed", 0),
            Equation("rejected = quarantined", "rows rejected", rejected, "lines in quarantine/", self.quarantined),
            Equation("rejected, rule by rule", "rows rejected", rejected, "sum over the rules",
                     sum(self.rejected_by_rule.values())),
            Equation("objects = ledger entries", "landing objects", self.landing_objects, "ledger entries",
                     len(self.entries)),
            Equation("accepted = copied", "rows accepted", accepted, "rows COPY loaded", self.rows_loaded),
            Equation("accepted = staged", "rows accepted", accepted, "rows in staging", sum(self.staged.values())),
            Equation("the same for each object", "objects that differ", differing, "allowed", 0),
            Equation("merged = analytics", "inserted - deleted", inserted - deleted, "rows in analytics",
                     self.analytics_rows),
            Equation("one row a key", "rows in analytics", self.analytics_rows, f"distinct {self.dataset}",
                     self.analytics_keys),
            Equation("nothing left to merge", "rows in analytics", self.analytics_rows, f"live {self.dataset}",
                     self.live_rows),
            Equation("nothing was parked", "messages in failure queues", self.parked, "allowed", 0),
        ]


def take(site: Site, sent: dict[str, Any], merges: list[dict[str, int]]) -> Accounts:
    """Counts at every station: the producer's summary, the lake, load's metrics, the warehouse."""
    stack = site.stack
    dataset, figure = site.dataset, lambda query: site.read(query).rows[0][0]
    loads = [metric for metric in stack.metrics() if "FilesLoaded" in metric]
    return Accounts(
        dataset=dataset.name,
        sent=sent,
        entries=[Entry(**record) for record in site.read(LEDGER).records()],
        landing_objects=len(_keys(site, "landing/")),
        quarantined=sum(_lines(site, key) for key in _keys(site, "quarantine/")),
        staged=dict(site.read(STAGED.format(table=dataset.staging)).rows),
        files_loaded=sum(metric["FilesLoaded"] for metric in loads),
        rows_loaded=sum(metric["RowsLoaded"] for metric in loads),
        merge={kind: sum(merge[kind] for merge in merges) for kind in ("inserted", "updated", "deleted")},
        analytics_rows=figure(ROWS.format(table=dataset.analytics)),
        analytics_keys=figure(KEYS.format(key=", ".join(dataset.key), table=dataset.analytics)),
        live_rows=figure(ROWS.format(table=dataset.live)),
        parked=site.parked(),
    )


def _keys(site: Site, prefix: str) -> list[str]:
    pages = site.stack.client("s3").get_paginator("list_objects_v2").paginate(
        Bucket=site.stack.outputs["LakeBucketName"], Prefix=prefix
    )
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def _lines(site: Site, key: str) -> int:
    body = site.stack.client("s3").get_object(Bucket=site.stack.outputs["LakeBucketName"], Key=key)["Body"]
    return body.read().count(b"\n")
