//! Dollars a month by stage. Each stage is a function of the settings and of what they make of the
//! load, in units a month times prices.

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::figures;
use super::prices::{self, GB, HOURS_PER_MONTH, SECONDS_PER_MONTH};
use super::settings::{Architecture, Settings};
use super::storage;
use super::transform::{Invocation, upload};
use super::warehouse::Loading;
use super::workload::Workload;

/// A load under some settings, and all that follows from both.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) workload: Workload,
    pub(crate) invocation: Invocation,
    pub(crate) loading: Loading,
}

/// Where money goes, in the order of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Firehose,
    S3Requests,
    S3Storage,
    Transform,
    Sqs,
    Load,
    Publish,
    LogsAndMetrics,
    KeysAndSecrets,
    Network,
    Airflow,
    SnowflakeLoad,
    SnowflakeMerge,
}

impl Stage {
    pub(crate) const ALL: [Self; 13] = [
        Self::Firehose,
        Self::S3Requests,
        Self::S3Storage,
        Self::Transform,
        Self::Sqs,
        Self::Load,
        Self::Publish,
        Self::LogsAndMetrics,
        Self::KeysAndSecrets,
        Self::Network,
        Self::Airflow,
        Self::SnowflakeLoad,
        Self::SnowflakeMerge,
    ];

    /// Its name in the JSON output, and for people.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Firehose => ("firehose", "Firehose"),
            Self::S3Requests => ("s3_requests", "S3 requests"),
            Self::S3Storage => ("s3_storage", "S3 storage"),
            Self::Transform => ("transform", "transform, Lambda"),
            Self::Sqs => ("sqs", "SQS"),
            Self::Load => ("load", "load, Lambda"),
            Self::Publish => ("publish", "publish, Lambda"),
            Self::LogsAndMetrics => ("logs_and_metrics", "logs, metrics, alarms, traces"),
            Self::KeysAndSecrets => ("keys_and_secrets", "keys and secrets"),
            Self::Network => ("network", "network (Vpc=create)"),
            Self::Airflow => ("airflow", "MWAA (Airflow=create)"),
            Self::SnowflakeLoad => ("snowflake_load", "Snowflake, loading"),
            Self::SnowflakeMerge => ("snowflake_merge", "Snowflake, audit, merge, checks"),
        }
    }

    /// Whether it is paid to AWS.
    pub(crate) fn before_snowflake(self) -> bool {
        self < Self::SnowflakeLoad
    }
}

impl Plan {
    pub(crate) fn new(settings: Settings) -> Self {
        let workload = Workload::new(&settings);
        let invocation = Invocation::new(&settings, &workload);
        let loading = Loading::new(&settings, &workload);
        Self { settings, workload, invocation, loading }
    }

    /// GB of text that a month brings.
    pub(crate) fn gb_per_month(&self) -> Decimal {
        self.workload.text_per_second * SECONDS_PER_MONTH / GB
    }

    /// Dollars a month of one stage.
    pub(crate) fn usd_per_month(&self, stage: Stage) -> Decimal {
        match stage {
            Stage::Firehose => self.firehose(),
            Stage::S3Requests => self.s3_requests(),
            Stage::S3Storage => prices::S3_STORAGE.of(storage::gb_months(self)),
            Stage::Transform => self.lambda(
                self.workload.objects.per_second,
                self.invocation.seconds,
                self.settings.transform_memory_mib,
            ),
            Stage::Sqs => prices::SQS_REQUEST.of(self.queue_requests()),
            Stage::Load => {
                let (rate, seconds) =
                    (self.loading.batches_per_second, self.loading.invocation_seconds());
                self.lambda(rate, seconds, figures::LOAD_MEMORY_MIB)
            }
            Stage::Publish => {
                let rate = self.loading.runs_per_second * TASKS;
                self.lambda(rate, self.loading.run_seconds() / TASKS, figures::LOAD_MEMORY_MIB)
            }
            Stage::LogsAndMetrics => self.logs() + self.traces() + watching(),
            Stage::KeysAndSecrets => self.keys_and_secrets(),
            Stage::Network => self.network(),
            Stage::Airflow => self.airflow(),
            Stage::SnowflakeLoad => self.credits(self.loading.billed().0),
            Stage::SnowflakeMerge => {
                let (loading, all) = self.loading.billed();
                self.credits(all - loading)
            }
        }
    }

    /// Dollars a month of all that is paid to AWS.
    pub(crate) fn before_snowflake(&self) -> Decimal {
        let stages = Stage::ALL.into_iter().filter(|stage| stage.before_snowflake());
        stages.map(|stage| self.usd_per_month(stage)).sum()
    }

    /// Dollars a month, all in.
    pub(crate) fn total(&self) -> Decimal {
        Stage::ALL.into_iter().map(|stage| self.usd_per_month(stage)).sum()
    }

    fn firehose(&self) -> Decimal {
        let records = &self.workload.records;
        prices::FIREHOSE.of(a_month(records.per_second * records.billed_bytes) / GB)
    }

    /// Share of what Firehose bills that is rounding.
    pub(crate) fn wasted_share(&self) -> Decimal {
        let records = &self.workload.records;
        Decimal::ONE - records.bytes / records.billed_bytes
    }

    /// Requests of a month: those that put or list, and those that get.
    pub(crate) fn requests(&self) -> (Decimal, Decimal) {
        let objects = &self.workload.objects;
        let part = figures::FIREHOSE_PART_BYTES;
        let puts = upload(objects.stored_bytes, part, part) + self.invocation.puts;
        // An audit lists what is in landing/, 1,000 objects a request.
        let listed = objects.per_second * self.settings.landing_days * dec!(86_400) / dec!(1_000);
        let lists = self.loading.runs_per_second * listed.ceil();
        let files = figures::TABLES * figures::SNOWFLAKE_GETS;
        let ranges = (objects.processed_bytes / figures::RANGE_BYTES).floor();
        let gets = self.invocation.gets + files + ranges;
        (a_month(objects.per_second * puts + lists), a_month(objects.per_second * gets))
    }

    fn s3_requests(&self) -> Decimal {
        let (puts, gets) = self.requests();
        prices::S3_PUT.of(puts) + prices::S3_GET.of(gets)
    }

    fn lambda(&self, per_second: Decimal, seconds: Decimal, memory_mib: Decimal) -> Decimal {
        let price = match self.settings.architecture {
            Architecture::Arm64 => &prices::LAMBDA_ARM64,
            Architecture::X86_64 => &prices::LAMBDA_X86_64,
        };
        let calls = a_month(per_second);
        price.of(calls * seconds * memory_mib / dec!(1_024)) + prices::LAMBDA_REQUEST.of(calls)
    }

    /// A message is sent alone, and received and deleted with others; beside that, Lambda asks again
    /// and again whether there are any.
    fn queue_requests(&self) -> Decimal {
        let each = Decimal::ONE + dec!(2) / figures::SQS_BATCH;
        let asking = figures::SQS_POLLERS / dec!(20);
        a_month(self.workload.messages_per_second() * each + asking)
    }

    fn logs(&self) -> Decimal {
        let bytes = |own: Decimal, lines: Decimal, calls: Decimal| {
            let lines = lines + calls * figures::PLATFORM_LOG_LINES;
            own + calls * figures::PLATFORM_LOG_BYTES + lines * figures::LOG_LINE_BYTES
        };
        let (transform, load, publish) = (
            bytes(figures::TRANSFORM_LOG_BYTES, figures::TRANSFORM_LOG_LINES, Decimal::ONE),
            bytes(figures::LOAD_LOG_BYTES, figures::LOAD_LOG_LINES, Decimal::ONE),
            bytes(figures::PUBLISH_LOG_BYTES, figures::PUBLISH_LOG_LINES, TASKS),
        );
        let per_second = self.workload.objects.per_second * transform
            + self.loading.batches_per_second * load
            + self.loading.runs_per_second * publish;
        let gb = a_month(per_second) / GB;
        let kept = gb * figures::LOG_COMPRESSED * figures::LOG_DAYS / prices::DAYS_PER_MONTH;
        prices::LOGS.of(gb) + prices::LOG_STORAGE.of(kept)
    }

    fn traces(&self) -> Decimal {
        let sampled = |calls: Decimal| {
            let all = calls.min(figures::TRACES_PER_SECOND);
            all + (calls - all) * figures::TRACED_SHARE
        };
        let per_second = sampled(self.workload.objects.per_second)
            + sampled(self.loading.batches_per_second)
            + sampled(self.loading.runs_per_second * TASKS);
        prices::TRACE.of(a_month(per_second))
    }

    fn keys_and_secrets(&self) -> Decimal {
        let starts = self.starts();
        let objects = &self.workload.objects;
        let encrypted = self.invocation.gets
            + upload(
                objects.stored_bytes,
                figures::FIREHOSE_PART_BYTES,
                figures::FIREHOSE_PART_BYTES,
            )
            + upload(objects.processing_bytes, figures::PUT_BYTES, figures::PART_BYTES)
            + objects.rejects.min(Decimal::ONE);
        let bucket_keys = a_month(objects.per_second) * encrypted * figures::BUCKET_KEY_SHARE;
        // The queue has one principal that sends, which counts twice, and one that receives;
        // Firehose has one.
        let data_keys = SECONDS_PER_MONTH / figures::DATA_KEY_SECONDS * dec!(4);
        prices::KMS_KEY.of(Decimal::ONE)
            + prices::KMS_REQUEST.of(bucket_keys + data_keys + starts * dec!(2))
            + prices::SECRET.of(figures::SECRETS)
            + prices::SECRET_REQUEST.of(starts)
    }

    /// Instances of functions that start in a month.
    fn starts(&self) -> Decimal {
        let transform = self.workload.objects.per_second * self.invocation.seconds;
        let load = self.loading.batches_per_second * self.loading.invocation_seconds();
        let publish = Decimal::ONE;
        let instances = transform.ceil() + load.ceil() + publish;
        instances * HOURS_PER_MONTH / figures::INSTANCE_HOURS
    }

    /// A NAT gateway with its address, and the endpoint of Secrets Manager in two zones. What goes to
    /// S3 takes a gateway endpoint, which is free.
    fn network(&self) -> Decimal {
        if !self.settings.vpc {
            return Decimal::ZERO;
        }
        let statements = self.loading.batches_per_second * self.loading.copies
            + self.loading.runs_per_second * TASKS;
        let gb = a_month(statements * figures::SNOWFLAKE_API_BYTES) / GB;
        prices::NAT_HOUR.of(HOURS_PER_MONTH)
            + prices::PUBLIC_ADDRESS.of(HOURS_PER_MONTH)
            + prices::ENDPOINT_HOUR.of(HOURS_PER_MONTH * dec!(2))
            + prices::NAT_GB.of(gb)
    }

    fn airflow(&self) -> Decimal {
        if !self.settings.airflow {
            return Decimal::ZERO;
        }
        prices::AIRFLOW_HOUR.of(HOURS_PER_MONTH)
            + prices::AIRFLOW_STORAGE.of(figures::AIRFLOW_DATABASE_GB)
    }

    /// What the warehouse costs when it is billed for this share of the time.
    fn credits(&self, share: Decimal) -> Decimal {
        let price = self.settings.credit_price.unwrap_or_else(|| prices::CREDIT.first());
        HOURS_PER_MONTH * share * self.settings.warehouse.credits_per_hour() * price
    }
}

/// Invocations of a run of the DAG: audit, merge, check.
const TASKS: Decimal = dec!(3);

/// What is there in a month, of so much a second.
pub(crate) fn a_month(per_second: Decimal) -> Decimal {
    per_second * SECONDS_PER_MONTH
}

/// What is charged for metrics, alarms and dashboard, whatever the load.
fn watching() -> Decimal {
    prices::METRIC.of(figures::METRICS + figures::S3_METRICS)
        + prices::ALARM.of(figures::ALARM_METRICS)
        + prices::DASHBOARD.of(Decimal::ONE)
}
