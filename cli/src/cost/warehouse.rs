//! Loading and publishing: batches, runs of the DAG, and how long the warehouse runs for them.

use rust_decimal::Decimal;
use rust_decimal::dec;

use super::figures;
use super::settings::Settings;
use super::workload::Workload;

/// What the load function and the DAG do. Rates are by the second.
#[derive(Debug, Clone)]
pub(crate) struct Loading {
    pub(crate) batches_per_second: Decimal,
    /// COPYs of a batch, one after the other.
    pub(crate) copies: Decimal,
    /// Seconds that Snowflake works on a batch.
    pub(crate) batch_seconds: Decimal,
    pub(crate) runs_per_second: Decimal,
    pub(crate) merge_rows: Decimal,
    pub(crate) merge_seconds: Decimal,
}

impl Loading {
    pub(crate) fn new(settings: &Settings, workload: &Workload) -> Self {
        let size = settings.warehouse.credits_per_hour();
        let by_time =
            (Decimal::ONE / settings.load_window_seconds).min(workload.objects.per_second);
        let by_files = workload.messages_per_second() / settings.load_batch_files;
        let batches_per_second = by_time.max(by_files);
        let text = workload.text_per_second / batches_per_second;
        let load_rate = settings.load_mb_per_second * dec!(1_000_000) * size;
        let runs_per_second = Decimal::ONE / settings.publish_every;
        let merge_rows = settings.events_per_second
            * (Decimal::ONE - settings.bad_share)
            * settings.publish_every;
        Self {
            batches_per_second,
            copies: figures::TABLES,
            batch_seconds: figures::TABLES * figures::COPY_SECONDS + text / load_rate,
            runs_per_second,
            merge_rows,
            merge_seconds: merge_rows / (settings.merge_rows_per_second * size),
        }
    }

    /// Seconds of an invocation of load.
    pub(crate) fn invocation_seconds(&self) -> Decimal {
        self.batch_seconds + figures::LOAD_EXTRA_SECONDS
    }

    /// Seconds of a run of the DAG: audit, merge and check.
    pub(crate) fn run_seconds(&self) -> Decimal {
        self.merge_seconds + figures::PUBLISH_SECONDS
    }

    /// Share of the time in which the warehouse works: above 1 a larger one, or more clusters, are
    /// needed.
    pub(crate) fn busy(&self) -> Decimal {
        self.batches_per_second * self.batch_seconds + self.runs_per_second * self.run_seconds()
    }

    /// Share of the time for which a warehouse is billed that only loads, and that loads and
    /// publishes. After each batch and run it waits for `AUTO_SUSPEND_SECONDS`, longer than the
    /// minute that a start costs at least. What is above 1 is billed as well: the same work, done by
    /// a larger warehouse in time.
    pub(crate) fn billed(&self) -> (Decimal, Decimal) {
        let loading = self.batches_per_second * self.batch_seconds;
        let awake = self.batches_per_second * (self.batch_seconds + figures::AUTO_SUSPEND_SECONDS);
        let published =
            awake + self.runs_per_second * (self.run_seconds() + figures::AUTO_SUSPEND_SECONDS);
        (awake.min(Decimal::ONE).max(loading), published.min(Decimal::ONE).max(self.busy()))
    }
}
