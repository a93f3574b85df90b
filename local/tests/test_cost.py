"""What `snowline cost` says, reckoned again from nothing but the assumptions and prices that it lists."""

from __future__ import annotations

import json
import subprocess
from decimal import ROUND_CEILING, Decimal, getcontext
from typing import Any

import pytest

from local.stack import ROOT

SNOWLINE = ROOT / "target" / "release" / "snowline"
LOAD = "--events-per-second 100000 --bytes 300"
SCENARIOS = [
    LOAD,
    f"{LOAD} --compress zstd",
    f"{LOAD} --compress gzip --producers 2000 --max-delay 5s",
    f"{LOAD} --pack none --architecture x86_64 --transform-memory-mib 3538",
    "--events-per-second 40 --bytes 5121 --pack none --bad-share 0 --vpc --airflow",
    "--events-per-second 1000000 --bytes 351 --compress gzip --transform-cpu-ms-per-mb 12.5 --load-batch-files 100"
    " --warehouse XL --credit-price 3.25 --publish-every 15m",
    "--events-per-second 1000 --bytes 900 --buffer-mib 128 --buffer-seconds 900 --load-window-seconds 300"
    " --publish-every 24h --landing-days 3 --processing-days 5 --processed-days 400 --parquet-ratio 0.3",
    "--events-per-second 100 --bytes 700 --producers 3 --max-delay 3s --compress gzip",
    "--events-per-second 3000000 --bytes 1024 --pack none --compression-ratio 4 --transform-memory-mib 512",
]

getcontext().prec = 40


def ceil(value: Decimal) -> Decimal:
    return value.to_integral_value(rounding=ROUND_CEILING)


def size(value: Decimal) -> Decimal:
    """To the millionth of a byte, so that no part is counted for what a division rounds."""
    return value.quantize(Decimal("1e-6"))


class Oracle:
    """The model of docs/cost.md."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.of = {assumption["name"]: assumption["value"] for assumption in document["assumptions"]}
        self.price = {price["id"]: price["tiers"] for price in document["prices"]}
        self.month = self.of["hours_per_month"] * 3600
        self.days = self.of["hours_per_month"] / 24
        self.records()
        self.objects()
        self.invocation()
        self.loads()

    def usd(self, price: str, units: Decimal) -> Decimal:
        total = begin = Decimal(0)
        for tier in self.price[price]:
            end = units if tier["up_to"] is None else Decimal(tier["up_to"])
            total += max(Decimal(0), min(units, end) - begin) * tier["usd"]
            begin = end
        return total

    def records(self) -> None:
        of = self.of
        per_record = Decimal(1)
        if of["pack"] != "none":
            by_age = 1 + of["events_per_second"] * of["max_delay"] / of["producers"]
            per_record = max(Decimal(1), Decimal(int(min(of["pack"] / of["bytes"], by_age))))
        compressed = of["compress"] != "none"
        self.record = ceil(per_record * of["bytes"] / (of["compression_ratio"] if compressed else 1))
        self.rate = of["events_per_second"] / per_record
        self.billed = ceil(self.record / of["firehose_step_bytes"]) * of["firehose_step_bytes"]
        self.text = of["events_per_second"] * of["bytes"]

    def objects(self) -> None:
        of = self.of
        put = self.rate * self.record
        self.object_rate = max(put / (of["buffer_mib"] * 2**20), min(self.rate, 1 / of["buffer_seconds"]))
        self.object_text = size(self.text / self.object_rate)
        gzip = self.object_text / of["compression_ratio"]
        self.stored = size(gzip if of["landing_compression"] == "GZIP" else put / self.object_rate)
        parquet = self.object_text * (1 - of["bad_share"]) * of["parquet_ratio"]
        self.processing = parquet * of["processing_share"]
        self.processed = parquet - self.processing
        self.rejects = of["events_per_second"] * of["bad_share"] / self.object_rate
        self.quarantine = self.rejects * (of["bytes"] + of["reject_extra_bytes"])

    def puts(self, size: Decimal) -> Decimal:
        return Decimal(1) if size <= self.of["put_bytes"] else ceil(size / self.of["part_bytes"]) + 2

    def firehose_puts(self) -> Decimal:
        part = self.of["firehose_part_bytes"]
        return Decimal(1) if self.stored <= part else ceil(self.stored / part) + 2

    def invocation(self) -> None:
        of = self.of
        vcpus = of["transform_memory_mib"] / of["vcpu_mib"]
        if vcpus > 1:
            vcpus = 1 + (min(vcpus, Decimal(2)) - 1) * of["second_vcpu"]
        computing = self.object_text * of["transform_cpu_ms_per_mb"] / 10**9 / vcpus
        network = of["network_mb_per_second"] * 10**6
        moving = max(self.stored, self.processing + self.processed) / network
        last = (min(self.processing, of["put_bytes"]) + min(self.processed, of["put_bytes"])) / network
        self.seconds = ceil((of["wait_seconds"] + max(computing, moving) + last) * 1000) / 1000

    def loads(self) -> None:
        of = self.of
        messages = self.object_rate * of["files_per_object"]
        by_time = min(1 / of["load_window_seconds"], self.object_rate)
        self.load_rate = max(by_time, messages / of["load_batch_files"])
        credits = of["warehouse_credits_per_hour"]
        reading = self.text / self.load_rate / (of["load_mb_per_second"] * 10**6 * credits)
        self.load_seconds = of["files_per_object"] * of["copy_seconds"] + reading
        self.merge_rows = of["events_per_second"] * (1 - of["bad_share"]) * of["publish_every"]
        self.run_seconds = self.merge_rows / (of["merge_rows_per_second"] * credits) + of["audit_and_check_seconds"]
        self.run_rate = 1 / of["publish_every"]

    def lambda_usd(self, rate: Decimal, seconds: Decimal, mib: Decimal) -> Decimal:
        calls = rate * self.month
        gb_seconds = self.usd(f"lambda_{self.of['architecture']}_gb_second", calls * seconds * mib / 1024)
        return gb_seconds + self.usd("lambda_request", calls)

    def requests(self) -> tuple[Decimal, Decimal]:
        of = self.of
        some = min(Decimal(1), self.rejects)
        outputs = self.puts(self.processing) + self.puts(self.processed) + 2 + some * self.puts(self.quarantine)
        lists = self.run_rate * ceil(self.object_rate * of["landing_days"] * 86400 / 1000)
        reads = ceil(self.stored / of["range_bytes"]) + of["files_per_object"] * of["snowflake_gets_per_file"]
        reads += self.processed // of["range_bytes"]
        puts = self.object_rate * (self.firehose_puts() + outputs) + lists
        return puts * self.month, self.object_rate * reads * self.month

    def storage(self) -> Decimal:
        of = self.of
        more = of["old_version_days"] + of["midnight_days"]
        byte_days = self.stored * (of["landing_days"] + more)
        byte_days += self.processing * (of["processing_days"] + more)
        byte_days += (self.processed + of["aggregate_bytes"]) * (of["processed_days"] + more)
        byte_days += self.quarantine * (of["quarantine_days"] + more) + of["ledger_bytes"] * (of["ledger_days"] + more)
        logged = sum(self.requests()) * of["access_log_bytes"] * of["access_log_days"]
        return self.usd("s3_gb_month", (byte_days * self.object_rate * self.month + logged) / self.days / of["gb"])

    def watching(self) -> Decimal:
        of = self.of

        def logged(function: str, calls: int) -> Decimal:
            lines = of[f"{function}_log_lines"] + calls * of["platform_log_lines"]
            return of[f"{function}_log_bytes"] + calls * of["platform_log_bytes"] + lines * of["log_line_bytes"]

        rates = {"transform": (self.object_rate, 1), "load": (self.load_rate, 1), "publish": (self.run_rate, 3)}
        gb = sum(rate * logged(name, calls) for name, (rate, calls) in rates.items()) * self.month / of["gb"]
        traced = Decimal(0)
        for rate, calls in rates.values():
            traced += min(rate * calls, of["traces_per_second"])
            traced += max(Decimal(0), rate * calls - of["traces_per_second"]) * of["traced_share"]
        return (
            self.usd("logs_gb", gb)
            + self.usd("logs_gb_month", gb * of["log_compressed"] * of["log_days"] / self.days)
            + self.usd("trace", traced * self.month)
            + self.usd("metric", of["metrics"] + of["s3_metrics"])
            + self.usd("alarm_metric", of["alarm_metrics"])
            + self.usd("dashboard", Decimal(1))
        )

    def keys(self) -> Decimal:
        of = self.of
        instances = ceil(self.object_rate * self.seconds) + 1
        instances += ceil(self.load_rate * (self.load_seconds + of["load_extra_seconds"]))
        starts = instances * of["hours_per_month"] / of["instance_hours"]
        under_key = self.firehose_puts() + ceil(self.stored / of["range_bytes"])
        under_key += self.puts(self.processing) + min(Decimal(1), self.rejects)
        asked = self.object_rate * self.month * under_key * of["bucket_key_share"]
        asked += self.month / of["data_key_seconds"] * 4 + starts * 2
        kept = self.usd("kms_key", Decimal(1)) + self.usd("secret", of["secrets"])
        return kept + self.usd("kms_request", asked) + self.usd("secret_request", starts)

    def warehouse(self) -> tuple[Decimal, Decimal]:
        of = self.of
        loading, publishing = self.load_rate * self.load_seconds, self.run_rate * self.run_seconds
        tail = of["auto_suspend_seconds"]
        awake = self.load_rate * (self.load_seconds + tail)
        alone = max(loading, min(Decimal(1), awake))
        both = max(loading + publishing, min(Decimal(1), awake + self.run_rate * (self.run_seconds + tail)))
        hour = of["hours_per_month"] * of["warehouse_credits_per_hour"] * of["credit_price"]
        return alone * hour, (both - alone) * hour

    def network(self) -> Decimal:
        of = self.of
        sent = self.load_rate * of["files_per_object"] + self.run_rate * 3
        hours = of["hours_per_month"]
        gateway = self.usd("nat_hour", hours) + self.usd("public_ipv4_hour", hours)
        gb = sent * self.month * of["snowflake_api_bytes"] / of["gb"]
        return gateway + self.usd("endpoint_hour", hours * 2) + self.usd("nat_gb", gb)

    def stages(self) -> dict[str, Decimal]:
        of = self.of
        puts, gets = self.requests()
        messages = self.object_rate * of["files_per_object"] * (1 + 2 / of["sqs_batch"]) + of["sqs_pollers"] / 20
        load_seconds = self.load_seconds + of["load_extra_seconds"]
        return {
            "firehose": self.usd("firehose_gb", self.rate * self.billed * self.month / of["gb"]),
            "s3_requests": self.usd("s3_put", puts) + self.usd("s3_get", gets),
            "s3_storage": self.storage(),
            "transform": self.lambda_usd(self.object_rate, self.seconds, of["transform_memory_mib"]),
            "sqs": self.usd("sqs_request", messages * self.month),
            "load": self.lambda_usd(self.load_rate, load_seconds, of["load_memory_mib"]),
            "publish": self.lambda_usd(self.run_rate * 3, self.run_seconds / 3, of["load_memory_mib"]),
            "logs_and_metrics": self.watching(),
            "keys_and_secrets": self.keys(),
            "snowflake_load": self.warehouse()[0],
            "snowflake_merge": self.warehouse()[1],
        }


def cost(options: str) -> dict[str, Any]:
    command = [SNOWLINE, "cost", *options.split(), "--json"]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    result: dict[str, Any] = json.loads(output, parse_float=Decimal, parse_int=Decimal)
    return result


@pytest.mark.parametrize("options", SCENARIOS)
def test_every_figure_follows_from_what_is_listed(options: str) -> None:
    document = cost(options)
    oracle = Oracle(document)
    expected = oracle.stages()
    expected["network"] = oracle.network() if "--vpc" in options else Decimal(0)
    airflow = oracle.usd("mwaa_hour", oracle.of["hours_per_month"])
    airflow += oracle.usd("mwaa_gb_month", oracle.of["airflow_database_gb"])
    expected["airflow"] = airflow if "--airflow" in options else Decimal(0)
    expected["total"] = sum(expected.values(), Decimal(0))
    expected["before_snowflake"] = expected["total"] - expected["snowflake_load"] - expected["snowflake_merge"]
    told = document["usd_per_month"]
    assert told.keys() == expected.keys()
    for stage, usd in expected.items():
        assert abs(told[stage] - usd) <= Decimal("1e-9") * max(usd, Decimal(1)), stage
        per_gb = usd / (oracle.text * oracle.month / oracle.of["gb"])
        assert abs(document["usd_per_gb"][stage] - per_gb) <= Decimal("1e-9") * max(per_gb, Decimal(1)), stage


@pytest.mark.parametrize("options", SCENARIOS)
def test_what_it_needs_follows_as_well(options: str) -> None:
    document = cost(options)
    oracle, needs = Oracle(document), document["needs"]
    expected = {
        "objects_per_minute": oracle.object_rate * 60,
        "transform_concurrency": oracle.object_rate * oracle.seconds,
        "firehose_mib_per_second": oracle.rate * oracle.record / 2**20,
        "firehose_records_per_second": oracle.rate,
        "copies_per_minute": oracle.load_rate * oracle.of["files_per_object"] * 60,
        "load_concurrency": oracle.load_rate * (oracle.load_seconds + oracle.of["load_extra_seconds"]),
        "merge_rows_per_run": oracle.merge_rows,
    }
    for name, value in expected.items():
        assert abs(needs[name] - value) <= Decimal("1e-9") * max(value, Decimal(1)), name
