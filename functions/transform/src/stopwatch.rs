//! What the transform of an object takes.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use columnar::{MeasureTotal, Report};
use telemetry::metric::{
    BytesDecompressed, BytesRead, BytesWritten, CpuTime, CpuTimePerMegabyte, MeasureRows,
    MeasureTotal as MeasureTotalMetric, ObjectsTransformed, RowsAccepted, RowsRead, RowsRejected,
    RowsRejectedByRule, StageTime, TransformLag, TransformTime,
};
use telemetry::{Metrics, process_cpu_time};

use crate::ledger::Ledger;

/// Runs from the GET of an object to its ledger entry.
pub(crate) struct Stopwatch {
    started: Instant,
    cpu_before: Duration,
    /// S3 has answered the GET.
    opened: Duration,
    /// The pipeline is done.
    computed: Duration,
    /// Of that, how long it waited for bytes.
    read_wait: Duration,
    bytes_decompressed: u64,
    measures: Vec<MeasureTotal>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu_before: process_cpu_time(),
            opened: Duration::ZERO,
            computed: Duration::ZERO,
            read_wait: Duration::ZERO,
            bytes_decompressed: 0,
            measures: Vec::new(),
        }
    }

    /// S3 has answered.
    pub(crate) fn opened(&mut self) {
        self.opened = self.started.elapsed();
    }

    /// The pipeline is done.
    pub(crate) fn computed<F>(&mut self, report: &Report<F>) {
        self.computed = self.started.elapsed();
        self.read_wait = report.read_wait;
        self.bytes_decompressed = report.bytes_decompressed;
        self.measures.clone_from(&report.measures);
    }

    /// The ledger entry is written: logs that, and emits the metrics of the object.
    pub(crate) fn stop(self, ledger: &Ledger) {
        let elapsed = self.started.elapsed();
        tracing::info!(
            bytes = ledger.bytes,
            rows_read = ledger.rows_read,
            rows_accepted = ledger.rows_accepted,
            rows_rejected = ledger.rows_rejected,
            ms = elapsed.as_millis() as u64,
            "object transformed"
        );
        let cpu = process_cpu_time().saturating_sub(self.cpu_before);
        let lag = SystemTime::now().duration_since(landed_at(ledger)).ok();
        let mut metrics = Metrics::new()
            .add(ObjectsTransformed, 1)
            .add(RowsRead, ledger.rows_read)
            .add(RowsAccepted, ledger.rows_accepted)
            .add(RowsRejected, ledger.rows_rejected)
            .add(BytesRead, ledger.bytes)
            .add(BytesDecompressed, self.bytes_decompressed)
            .add(BytesWritten, ledger.outputs.iter().map(|output| output.bytes).sum::<u64>())
            .add(TransformTime, elapsed)
            .add(CpuTime, cpu)
            .add(CpuTimePerMegabyte, per_megabyte(cpu, self.bytes_decompressed))
            .add(TransformLag, lag);
        for (stage, time) in self.stages(elapsed) {
            metrics = metrics.add_for(StageTime, stage, time);
        }
        for (rule, rows) in &ledger.rejected_by_rule {
            metrics = metrics.add_for(RowsRejectedByRule, rule, *rows);
        }
        for MeasureTotal { name, total, rows } in &self.measures {
            metrics = metrics.add_for(MeasureTotalMetric, name, total.to_string()).add_for(
                MeasureRows,
                name,
                *rows,
            );
        }
        metrics.emit();
    }

    /// The parts of the time, which add up to it.
    fn stages(&self, elapsed: Duration) -> [(&'static str, Duration); 3] {
        let read = (self.opened + self.read_wait).min(self.computed);
        [
            ("read", read),
            ("compute", self.computed - read),
            ("write", elapsed.saturating_sub(self.computed)),
        ]
    }
}

fn landed_at(ledger: &Ledger) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(ledger.landed_at_micros.try_into().unwrap_or(0))
}

/// Time for each 10^6 bytes; none without a byte.
fn per_megabyte(time: Duration, bytes: u64) -> Option<Duration> {
    let megabytes = bytes as f64 / 1e6;
    (bytes > 0).then(|| time.div_f64(megabytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_stages_add_up_to_the_time() {
        let watch = |read_wait| Stopwatch {
            opened: 10 * MS,
            computed: 70 * MS,
            read_wait,
            ..Stopwatch::start()
        };
        let stages = [("read", 30 * MS), ("compute", 40 * MS), ("write", 30 * MS)];
        assert_eq!(watch(20 * MS).stages(100 * MS), stages);
        let stages = [("read", 70 * MS), ("compute", Duration::ZERO), ("write", 30 * MS)];
        assert_eq!(watch(60 * MS).stages(100 * MS), stages);
    }

    #[test]
    fn processor_time_is_told_for_a_million_bytes_of_text() {
        assert_eq!(per_megabyte(30 * MS, 2_000_000), Some(15 * MS));
        assert_eq!(per_megabyte(MS, 1), Some(1_000_000 * MS));
        assert_eq!(per_megabyte(MS, 0), None);
    }
}
